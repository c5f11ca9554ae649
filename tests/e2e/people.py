"""Somebody with a browser, who knows the pages by their visible words only."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Locator, Page, Response, expect


class Someone:
    """One person at one browser. `troubles` collects script errors and failed answers of their pages."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name
        self.troubles: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.troubles.append(f"script error on {page.url}: {error}"))
        page.on("response", self._answered)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.troubles.append(f"console on {self.page.url}: {message.text}")

    def _answered(self, response: Response) -> None:
        refused = response.status in (400, 401, 409, 413, 422)  # a form shown again says why
        if response.status >= 500 or (response.status >= 400 and not refused):
            self.troubles.append(f"{response.status} {response.request.method} {response.url}")

    # -- moving about

    def go(self, path: str) -> None:
        """Type an address."""
        self.page.goto(path)

    def sign_in(self, login: str, password: str) -> None:
        """登录."""
        self.go("/login/")
        self.fill("账号", login)
        self.fill("密码", password)
        self.press("登录")
        expect(self.page.get_by_role("navigation", name="主导航")).to_be_visible()

    def open(self, entry: str) -> None:
        """An entry of the top navigation; a narrow screen unfolds it first."""
        self.follow(entry, within=self.page.get_by_role("navigation", name="主导航"))

    def follow(self, name: str, *, within: Locator | None = None) -> None:
        """A link by its words."""
        self._ready(self._in(within).get_by_role("link", name=name)).click()

    def press(self, name: str, *, within: Locator | None = None) -> None:
        """A button by its words; in a row (`within`) a reader of screens hears the row's name after them."""
        self._ready(self._in(within).get_by_role("button", name=name, exact=within is None)).click()

    def confirm(self, name: str, button: str, *, within: Locator | None = None, **answers: str) -> None:
        """Press what asks first, such as 退回; answer in its dialog (`answers`: text by label) and send it."""
        self._ready(self._in(within).locator("summary", has_text=re.compile(rf"^\s*{name}\s*$"))).click()
        question = self.page.get_by_role("dialog", name=name)
        for label, text in answers.items():
            question.get_by_label(label).fill(text)
        question.get_by_role("button", name=button, exact=True).click()

    def row(self, words: str) -> Locator:
        """The row of a table that has these words."""
        return self.page.get_by_role("row").filter(has_text=words).first

    def settles(self) -> None:
        """A navigation under way ends and the page it leads to has loaded: for what looks at the page itself."""
        expect(self.page.locator("body")).to_be_attached()
        self.page.wait_for_load_state()

    def _in(self, within: Locator | None) -> Locator | Page:
        return within if within is not None else self.page

    def _ready(self, found: Locator) -> Locator:
        """The first of them, once the page and its scripts have loaded."""
        found.first.wait_for(state="attached")
        self.page.wait_for_load_state()
        return found.first

    # -- filling in

    def fill(self, label: str, text: str) -> None:
        """A field by its label."""
        self._labelled(label).fill(text)

    def choose(self, label: str, option: str) -> None:
        """An option of a select."""
        self._labelled(label).select_option(label=option)

    def tick(self, label: str, *, group: str = "") -> None:
        """A box or a radio button, of the group with that legend if given."""
        root: Locator | Page = self.page.get_by_role("group", name=group) if group else self.page
        self._ready(root.get_by_label(_words(label))).check()

    def pick(self, label: str, text: str) -> None:
        """Search in a combobox and take the match."""
        box = self._labelled(label)
        box.click()
        box.press_sequentially(text)
        self.page.get_by_role("option", name=text).first.click()

    def give_file(self, label: str, path: Path, *, within: Locator | None = None) -> None:
        """Choose a file."""
        self._ready(self._in(within).get_by_label(label)).set_input_files(path)

    def _labelled(self, label: str) -> Locator:
        return self._ready(self.page.get_by_label(_words(label)))

    # -- looking

    def sees(self, words: str, *, within: Locator | None = None) -> None:
        """The words are on the page (now or shortly)."""
        expect(self._in(within).get_by_text(words).first).to_be_visible()

    def sees_heading(self, words: str) -> None:
        """A heading."""
        expect(self.page.get_by_role("heading", name=words).first).to_be_visible()


def _words(label: str) -> re.Pattern[str]:
    """Exactly this label, with or without the mark of a required field."""
    return re.compile(rf"^\s*{re.escape(label)}\s*\*?\s*(（必填）)?\s*$")
