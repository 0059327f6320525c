"""Names the place of the book, and releases a version of it.

    python tools/publishing.py at ADDRESS         name the repository
    python tools/publishing.py release VERSION    commit and tag a version

Nothing is pushed: what these do can be undone here.
"""

import hashlib
import re
import subprocess
import sys
import time

import repository
import section
import stamping

UNRELEASED = re.compile(r"^## Unreleased\n(.*?)(?=^## |\Z)", re.M | re.S)


def publish_at(url):
    """Name the repository in which the book is published, or another one.

    The set-up cell runs what it fetches from there, so HTTPS is required.
    """
    found = re.fullmatch(
        r"(https://github\.com/[\w.-]+/[\w.-]+?)(\.git)?/?", url
    )
    if found is None:
        sys.exit(f"URL must be https://github.com/OWNER/NAME, not {url!r}.")
    cited = f"repository-code: {found[1]}\nlicense:"
    rewrite("CITATION.cff", r"^(repository-code: .*\n)?license:", cited)
    write_settings(url=found[1])


def release(version):
    """Make a version of what is here, commit it and tag it."""
    for refusal in refusals(version):
        sys.exit(refusal)
    tag, today = f"v{version}", time.strftime("%Y-%m-%d")
    changelog = (section.ROOT / "CHANGELOG.md").read_text("utf-8")
    news = UNRELEASED.search(changelog)[1].strip()
    number = f'__version__ = "{version}"'
    rewrite("d2lmini/__init__.py", '^__version__ = ".*"', number)
    rewrite("CHANGELOG.md", "^## Unreleased", f"## {version}, {today}")
    cited = f"version: {version}\ndate-released: {today}"
    rewrite("CITATION.cff", r"^version: .*(\ndate-released: .*)?", cited)
    write_settings(sha256=checksum())
    git("commit", "--quiet", "--all", f"--message=Release {version}")
    # The feed of tags, which the site names, shows what a tag says.
    said = f"--message=D2L Mini {version}", f"--message={news}"
    git("tag", tag, "--cleanup=whitespace", *said)
    print(f"Committed and tagged {tag}. To undo it:")
    print(f"    git tag -d {tag} && git reset --hard HEAD~1")
    print(f"To publish it: git push origin HEAD {tag}")


def refusals(version):
    """Yield why a version cannot be released, as sentences."""
    before = repository.version()
    old, new = ([*map(int, re.findall(r"\d+", v))] for v in (before, version))
    if not re.fullmatch(r"\d+\.\d+\.\d+", version) or new <= old:
        what = f"VERSION must be MAJOR.MINOR.PATCH above {before}"
        yield f"{what}, not {version!r}."
    if not repository.site()[0]:
        yield "The book has no address yet: make publish-at URL=https://..."
    if git("tag", "--list", f"v{version}"):
        yield f"There is a tag v{version} already; take a higher VERSION."
    if changes := git("status", "--porcelain"):
        yield f"Commit or remove these first:\n{changes}"
    changelog = (section.ROOT / "CHANGELOG.md").read_text("utf-8")
    if not (news := UNRELEASED.search(changelog)) or "\n- " not in news[1]:
        yield "CHANGELOG.md lists nothing new under `## Unreleased`; do so."


def checksum():
    """Return the SHA-256 of the release, as the set-up cell computes it."""
    needed = "d2lmini/", "lab/growth.csv"
    total = hashlib.sha256()
    for name in sorted(git("ls-files", *needed).splitlines()):
        content = (section.ROOT / name).read_bytes()
        total.update(f"{name} {len(content)}\n".encode() + content)
    return total.hexdigest()


def git(*words):
    """Return what git prints; where it fails, it has said why."""
    command = ["git", *words]
    done = subprocess.run(
        command, cwd=section.ROOT, stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed.")
    return done.stdout


def write_settings(**changes):
    """Change lines of _config.yml, and stamp what follows from them."""
    for key, value in changes.items():
        rewrite("_config.yml", rf"^  {key}:.*$", f'  {key}: "{value}"')
    stamping.stamp()


def rewrite(name, pattern, text):
    """Replace the first match of a pattern in a file."""
    path = section.ROOT / name
    old = path.read_text("utf-8")
    path.write_text(re.sub(pattern, text, old, count=1, flags=re.M), "utf-8")


if __name__ == "__main__":
    verb, wish = sys.argv[1:]
    {"at": publish_at, "release": release}[verb](wish)
