"""Somebody who visits the site with a question, whose presses are counted."""

from typing import Any


class Visitor:
    """A visitor who begins at home; a click, a key that acts and a typed name are one press each."""

    def __init__(self, tab: Any, address: str) -> None:
        self.tab = tab
        self.address = address
        self.start()

    def start(self) -> None:
        """Begin at home, with nothing pressed."""
        self.presses = 0
        self.tab.goto(self.address)

    def click(self, target: Any) -> None:
        """Click a link or a control."""
        self.presses += 1
        target.click()

    def press(self, key: str) -> None:
        """Press a key that acts."""
        self.presses += 1
        self.tab.keyboard.press(key)

    def type(self, field: Any, *texts: str) -> None:
        """Type names or a date into a field, several names with commas between."""
        self.presses += len(texts)
        field.fill(", ".join(texts))

    def go(self, section: str) -> None:
        """Go to a section by the header."""
        self.click(self.tab.get_by_role("navigation", name="Site").get_by_role("link", name=section))
        self.tab.wait_for_url(f"**/{section.lower()}/**")

    def search(self, name: str) -> Any:
        """Type a name into the search field of the header; return the first hit."""
        self.type(self.tab.get_by_role("searchbox", name="Search", exact=True), name)
        hit = self.tab.get_by_role("option", selected=True)
        hit.wait_for()
        return hit

    def open_model(self, name: str) -> None:
        """Go to the page of the model that a name finds first."""
        self.search(name)
        self.press("Enter")
        self.tab.wait_for_url("**/models/**")
