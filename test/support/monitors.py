"""What deployment tools and monitors do with a balancer-manager and a status page, with Python's standard library alone.

    monitors.py members URL                  every member, found as a deployment tool finds it: links, then tables
    monitors.py state URL HOST[:PORT] STATE  makes it present, absent, drained, hot_standby or ignore_errors (a,b)
    monitors.py check URL WARN CRIT          a plugin in the manner of Nagios, over HTML and over XML: both must agree
    monitors.py metrics URL                  server-status?auto, read strictly as exporters read it

Prints one JSON document; a plugin's exit status is its verdict. Tables are taken by their order on the page, members by
`b=…&w=…` in links, times and sizes as they stand, since this is how such programs work.
"""

import json
import re
import sys
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

TIMEOUT_SECONDS = 20
# A link to a member, its parts, and the form that changes it: everything up to the nonce, as it stands.
MEMBER = re.compile(r"b=(?P<balancer>[\w.-]+)&w=(?P<scheme>https?|ajp|wss?)://(?P<host>[\w.-]+):?(?P<port>\d*)(?P<path>[\w./-]*)&nonce=[\w-]*")
WORDS = {"disabled": "Dis", "drained": "Drn", "hot_standby": "Stby", "ignore_errors": "Ign"}
FIELDS = {"disabled": "w_status_D", "drained": "w_status_N", "hot_standby": "w_status_H", "ignore_errors": "w_status_I"}


def fetch(url, referer=None, form=None):
    request = urllib.request.Request(url, data=None if form is None else form.encode("ascii"))
    if referer is not None:
        request.add_header("Referer", referer)
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
        if answer.status != 200:
            raise SystemExit(f"{url} answered {answer.status}")
        return answer.read().decode("latin-1")


class Page(HTMLParser):
    """Links in their order, and tables as lists of rows of cells' texts."""

    def __init__(self, text):
        super().__init__()
        self.links, self.tables = [], []
        self._open, self._cell = [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.links.append(dict(attrs).get("href"))
        elif tag == "table":
            self.tables.append([])
            self._open.append(self.tables[-1])
        elif tag == "tr" and self._open:
            self._open[-1].append([])
        elif tag in ("td", "th") and self._open:
            self._cell = []

    def handle_data(self, data):
        if self._cell is not None:
            self._cell.append(data)

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self._cell is not None:
            self._open[-1][-1].append("".join(self._cell))
            self._cell = None
        elif tag == "table" and self._open:
            self._open.pop()


# --- a deployment tool ---------------------------------------------------------------------------------------------

def links_of(url):
    """Links to members with their parts; the first link of the page is the balancer's."""
    text = fetch(url)
    version = re.search(r"SERVER VERSION: APACHE/([\d.]+)", text.upper())
    if version is None or not version.group(1).startswith("2.4."):
        raise SystemExit("this is no balancer-manager of Apache 2.4")
    for href in Page(text).links[1:]:
        yield urllib.parse.urljoin(url, href), MEMBER.search(href)


def look(link, found):
    """The member's row in the second table of its own page."""
    heads, *rows = Page(fetch(link, referer=link)).tables[1]
    name = f"{found['host']}:{found['port']}"
    row = next(row for row in rows if name in row[0])
    attributes = dict(zip(heads, row))
    status = {state: word in attributes["Status"] for state, word in WORDS.items()}
    return {**found.groupdict(), "attributes": attributes, "status": status}


def members(url):
    return [look(link, found) for link, found in links_of(url)]


def change(url, name, states):
    wanted = {state: state in states or (state == "disabled" and "absent" in states) for state in WORDS}
    changed, member = False, None
    for link, found in links_of(url):
        if name not in (found["host"], f"{found['host']}:{found['port']}"):
            continue
        before = look(link, found)["status"]
        form = "&".join([found.group(0)] + [f"{FIELDS[state]}={int(isOn)}" for state, isOn in wanted.items()])
        fetch(link, referer=link, form=form)
        member = look(link, found)
        changed = before != member["status"]
    if member is None:
        raise SystemExit(f"{name} is no member")
    return {"changed": changed, "member": member}


# --- a plugin of a monitor -----------------------------------------------------------------------------------------

# No parser: a row, its link, and the cells up to the status, as plugins have found them for years.
ROW = re.compile(r'<tr>\n<td><a href="[^"]*">([^<]*)</a></td>((?:<td>[^<]*</td>){4})<td>([^<]*)</td><td>(\d+)</td><td>(\d+)</td>')
HEADING = re.compile(r"<h3>LoadBalancer Status for <a href=[^>]*>balancer://([^<]*)</a>")


def states_of_html(url):
    text = fetch(url)
    states = {}
    for part in re.split(r"(?=<h3>LoadBalancer Status)", text)[1:]:
        name = HEADING.search(part).group(1)
        states[name] = {row[0]: (row[2].strip(), int(row[3])) for row in ROW.findall(part)}
    return states


def states_of_xml(url):
    """Without a Referer of its own name the server sends HTML."""
    spaces = {"httpd": "http://httpd.apache.org"}
    root = ElementTree.fromstring(fetch(f"{url}?xml=1", referer=url))
    states = {}
    for balancer in root.iterfind("httpd:balancers/httpd:balancer", spaces):
        workers = balancer.iterfind("httpd:workers/httpd:worker", spaces)
        text = lambda worker, name: worker.findtext(f"httpd:{name}", namespaces=spaces)
        name = balancer.findtext("httpd:name", namespaces=spaces)[len("balancer://"):]
        states[name] = {text(worker, "name"): (text(worker, "status").strip(), int(text(worker, "elected"))) for worker in workers}
    return states


def check(url, warn, crit):
    states = states_of_html(url)
    if states != states_of_xml(url):
        raise SystemExit("HTML and XML do not say the same")
    verdict, lines = 0, []
    for name, workers in states.items():
        down = [worker for worker, (state, _) in workers.items() if "Ok" not in state.split() or "Drn" in state]
        verdict = max(verdict, 2 if len(down) >= crit else 1 if len(down) >= warn else 0)
        lines.append(f"{name}: {len(workers) - len(down)} of {len(workers)} in service" + "".join(f", not {url}" for url in down))
    return {"code": verdict, "text": lines, "states": states}


# --- an exporter ---------------------------------------------------------------------------------------------------

NUMBERS = (
    "Total Accesses,Total kBytes,Total Duration,CPUUser,CPUSystem,CPUChildrenUser,CPUChildrenSystem,Uptime,BusyWorkers,"
    "IdleWorkers,Processes,Stopping,ConnsTotal,ConnsAsyncWriting,ConnsAsyncKeepAlive,ConnsAsyncClosing,Load1,Load5,Load15,"
    "ParentServerConfigGeneration,ParentServerMPMGeneration"
).split(",")


def metrics(url):
    names, numbers, balancers, balancer = [], {}, {}, None
    for line in fetch(f"{url}?auto").splitlines():
        name, _, value = (part.strip() for part in line.partition(":"))
        worker = re.fullmatch(r"ProxyBalancer\[\d+\]Worker\[\d+\](\w+)", name)
        if worker is not None:
            if worker.group(1) == "Name":
                balancer.append({})
            balancer[-1][worker.group(1)] = value if worker.group(1) in ("Name", "Status") else float(value.rstrip("kK"))
        elif re.fullmatch(r"ProxyBalancer\[\d+\]Name", name):
            balancer = balancers[value] = []
        else:
            names.append(name)
            if name == "ServerVersion":
                major, minor, patch = value.split("/")[1].split(" ")[0].split(".")
                numbers[name] = float(f"{major}.{minor:0>2}{patch:0>3}")
            elif name == "Scoreboard":
                numbers[name] = {letter: value.count(letter) for letter in sorted(set(value))}
            elif name in NUMBERS:
                numbers[name] = float(value)
    return {"names": names, "numbers": numbers, "balancers": balancers}


def main(command, url, *more):
    if command == "members":
        result = members(url)
    elif command == "state":
        result = change(url, more[0], more[1].split(","))
    elif command == "check":
        result = check(url, int(more[0]), int(more[1]))
    elif command == "metrics":
        result = metrics(url)
    else:
        raise SystemExit(__doc__)
    print(json.dumps(result))
    return result["code"] if command == "check" else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
