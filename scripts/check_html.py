"""The parts of check_html that are not shell: its sample, a tampered page, and what must hold of an opened one."""

import json
import sys
from html.parser import HTMLParser

HOSTILE = [
    "<script>document.title='pwned'</script>",
    "\"><img src=http://127.0.0.1:9/x onerror=\"document.title='pwned'\">",
    "'onmouseover='x",
    "</style></title><script>document.title='pwned'</script>",
    "&lt;b&gt; & so on",
]


def write_sample(path):
    with open(path, "w", encoding="utf-8") as out:
        for i in range(60):
            row = {"id": i, "nested": {"deep": [{"größe": i, HOSTILE[0]: 1}]}, "mixed": HOSTILE[1] if i % 2 else i}
            row |= {name: HOSTILE[i % len(HOSTILE)] for name in HOSTILE}
            if i == 7:
                row["rare"] = HOSTILE[3]
            out.write(json.dumps(row) + "\n")


def tamper(page, tampered):
    with open(page, encoding="utf-8") as source:
        text = source.read()
    policy = '<meta http-equiv="Content-Security-Policy"'
    assert policy in text
    text = text.replace(policy, '<meta name="was"').replace("größe", "grosse")
    planted = "<script>document.title='pwned'</script><img src=\"http://127.0.0.1:9/x.png\">"
    with open(tampered, "w", encoding="utf-8") as out:
        out.write(text.replace("</main>", planted + "</main>"))


class Page(HTMLParser):
    """The text of a page, its title, and its elements and attributes."""

    def __init__(self):
        super().__init__()
        self.text, self.titles, self.elements, self.paths, self.open = [], [], set(), set(), []

    def handle_starttag(self, tag, attributes):
        self.elements.add(tag)
        self.open.append(tag)
        attributes = dict(attributes)
        if "name" in attributes.get("class", "").split():
            self.paths.add(attributes.get("title"))
        self.elements.update(f"@{key}" for key in attributes if key.startswith("on"))

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if self.open[-1:] == ["title"]:
            self.titles.append(data)
        elif self.open[-1:] != ["style"]:
            self.text.append(data)


def requested(net_log):
    """URLs that the page asked for. Chromium asks for some of its own, which have no origin; the log says so."""
    with open(net_log, encoding="utf-8") as source:
        log = json.load(source)
    start = log["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    asked = [e["params"] for e in log["events"] if e["type"] == start and "url" in e.get("params", {})]
    return {params["url"] for params in asked if params.get("initiator") != "not an origin"}


def check(page_path, report_path):
    wrong = []
    page = Page()
    with open(page_path + ".dom", encoding="utf-8") as source:
        page.feed(source.read())
    with open(report_path, encoding="utf-8") as source:
        report = json.load(source)
    text = "".join(page.text)

    paths = [f["name"] for f in report["fields"] + report["nested_fields"]]
    warnings = [w["message"] for w in report["warnings"]]
    assert len(paths) >= 12 and len(warnings) >= 2, "the sample is too poor to check anything"
    wrong += [f"field {path!r} is not on the page" for path in paths if path not in page.paths]
    wrong += [f"name {f['name']!r} is not on the page" for f in report["fields"] if f["name"] not in text]
    wrong += [f"warning {message!r} is not on the page" for message in warnings if message not in text]
    wrong += ["the fingerprint is not on the page"] * (report["fingerprint"] not in text)
    wrong += [f"there is a {tag} element" for tag in ("script", "img", "link", "iframe") if tag in page.elements]
    wrong += [f"there is an attribute {a[1:]}" for a in page.elements if a.startswith("@")]
    if page.titles != ["Schema of sample.ndjson"]:
        wrong.append(f"the title is {page.titles}: a script has run")
    with open(page_path + ".log", encoding="utf-8", errors="replace") as source:
        wrong += [f"the console says {line.strip()}" for line in source if "CONSOLE" in line]
    wrong += [f"{url} was requested" for url in requested(page_path + ".net") if not url.startswith(("file:", "data:"))]
    with open(page_path + ".png", "rb") as source:
        picture = source.read()
    if not picture.startswith(b"\x89PNG") or len(picture) < 50_000:
        wrong.append(f"the screenshot has {len(picture)} bytes: the page is all but empty")
    for line in wrong:
        print(f"check_html: {line}")
    return bool(wrong)


if __name__ == "__main__":
    commands = {"sample": write_sample, "tamper": tamper, "check": check}
    sys.exit(commands[sys.argv[1]](*sys.argv[2:]))
