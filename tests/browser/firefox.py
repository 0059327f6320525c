"""Firefox, over Marionette, its own protocol: JSON on a socket.

Playwright drives a Firefox of its own only, which Debian does not have.
"""

import json
import socket
import subprocess
import time

from checks import SCRIPT, installed

PREFERENCES = {"marionette.port": 0, "ui.prefersReducedMotion": 1}
# An accent, and what is laid out before all of it has arrived, are no errors.
SAID = """return Services.console.getMessageArray()
  .filter((m) => m instanceof Ci.nsIScriptError && m.category !== "DOM"
    && /^http/.test(m.sourceName)
    && !/accent attribute|number of children/.test(m.errorMessage))
  .map((m) => `${m.errorMessage} (${m.sourceName}:${m.lineNumber})`)"""
PHONE = """const tab = Services.wm.getMostRecentWindow("navigator:browser")
  .gBrowser.selectedBrowser;
tab.style.maxWidth = "360px";"""
PATH = installed("firefox", "firefox-esr")


class Firefox:
    """One window without a screen, as narrow as a phone."""

    def __init__(self, folder):
        lines = [f'user_pref("{k}", {v});' for k, v in PREFERENCES.items()]
        (folder / "user.js").write_text("\n".join(lines), "utf-8")
        options = "--headless --marionette --remote-allow-system-access"
        command = [PATH, *options.split(), "--profile", str(folder)]
        nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(command, **nowhere)
        port = folder / "MarionetteActivePort"
        while not (port.exists() and port.read_text()):
            assert self.process.poll() is None, "Firefox does not start."
            time.sleep(0.1)
        self.line = socket.create_connection(("127.0.0.1", port.read_text()))
        self.answers = self.line.makefile("rb")
        self.receive()
        self.do("WebDriver:NewSession")
        self.chrome(PHONE)

    def receive(self):
        """Return a message, which begins with its length and a colon."""
        size = b"".join(iter(lambda: self.answers.read(1), b":"))
        return json.loads(self.answers.read(int(size)))

    def do(self, name, **what):
        """Return what a command answers."""
        message = json.dumps([0, 1, name, what]).encode()
        self.line.sendall(b"%d:%b" % (len(message), message))
        _, _, error, result = self.receive()
        assert not error, error
        return result["value"] if "value" in result else result

    def ask(self, expression):
        """Return what an expression or its promise comes to, on the page.

        It may use the functions of checks.js.
        """
        script = (
            f"const [done] = arguments; {SCRIPT} (async () => {expression})()"
        )
        script += ".then(done, (e) => done(`${e}`))"
        name = "WebDriver:ExecuteAsyncScript"
        return self.do(name, script=script, sandbox=None)

    def chrome(self, script):
        """Return what a script says that sees all of the browser."""
        self.do("Marionette:SetContext", value="chrome")
        result = self.do("WebDriver:ExecuteScript", script=script)
        self.do("Marionette:SetContext", value="content")
        return result

    def open(self, address):
        """Open a page, and all that is folded at its handles."""
        self.chrome("Services.console.reset()")
        self.do("WebDriver:Navigate", url=address)
        closed = 'document.querySelectorAll("main details:not([open])")'
        self.ask(
            f"""{{ for (const fold of {closed}) fold.firstElementChild.click();
            await document.fonts.ready }}"""
        )
        assert self.ask(f"{closed}.length") == 0

    def errors(self):
        """Return what the console holds against the pages that were open."""
        return self.chrome(SAID)

    def close(self):
        self.do("Marionette:Quit", flags=["eForceQuit"])
        self.answers.close()
        self.line.close()
        self.process.wait()
