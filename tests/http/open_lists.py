"""A list that stays open in a browser: it asks as listing.js does, and takes what it is told."""

import re

ROW = re.compile(r'<tr id="[\w-]*-(\d+)"[^>]*? data-reads="(\w+)"')


class OpenList:
    def __init__(self, client, url, **query):
        self.client, self.url, self.revision = client, url, ""
        page = client.get(url, query)
        text = page.content.decode()
        self.shape = found[1] if (found := re.search(r'data-shape="(\w+)"', text)) else ""
        self.rows = dict(ROW.findall(text))
        self.query = {**query, "upto": page.context["list"].page.upto or ""}

    def ask(self, **more):
        headers = {
            "HX-Request": "true",
            "HX-Current-URL": f"http://testserver{self.url}",
            "X-Revision": self.revision,
            "X-Rows": " ".join([self.shape, *(f"{key}={read}" for key, read in self.rows.items())]),
        }
        answer = self.client.get(f"{self.url}pulse/", {**self.query, **more}, headers=headers)
        if answer.status_code == 200:
            text = answer.content.decode()
            if found := re.search(r'data-shape="(\w+)"', text):
                self.shape, self.rows = found[1], {}
            self.rows |= dict(ROW.findall(text))
        self.revision = answer["X-Revision"]
        return answer

    def settle(self):
        """Ask until nothing is new: the first answer brings what stands around the rows."""
        self.ask()
        assert self.ask().status_code == 204
        return self
