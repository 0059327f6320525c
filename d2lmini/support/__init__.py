"""What the taught modules rest on. No section teaches it."""
