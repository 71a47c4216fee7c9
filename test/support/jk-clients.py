"""Programs that know mod_jk's status worker by heart, for tests: what tasks of Ant, plugins of Nagios and operators' own
scripts ask it and read of its answers. Nothing but Python's standard library.

    jk-clients.py ant-list URL
    jk-clients.py ant-update URL LB MEMBER NAME=VALUE …    (MEMBER '-' for the lb worker itself)
    jk-clients.py nagios URL LB
"""

import sys
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree

NS = "{http://tomcat.apache.org}"


def fetch(url, **query):
    with urllib.request.urlopen(url + "?" + urllib.parse.urlencode(query), timeout=30) as answer:
        return answer.headers.get_content_type(), answer.read().decode("latin-1")


def ant_list(url):
    """As the library behind Ant's tasks: the whole status as objects, by the names of elements and attributes."""
    kind, text = fetch(url, cmd="list", mime="xml")
    assert kind == "text/xml", kind
    root = ElementTree.fromstring(text)
    result = root.find(NS + "result")
    print("result", result.get("type"), result.get("message"))
    for balancer in root.iter(NS + "balancer"):
        print("balancer", *(balancer.get(name) for name in ("name", "method", "sticky_session", "retries", "member_count")))
        for member in balancer.findall(NS + "member"):
            names = ("name", "type", "activation", "lbfactor", "route", "redirect", "distance", "state", "elected")
            print("  member", *(member.get(name) for name in names))
    for worker in root.iter(NS + "ajp"):
        print("ajp", worker.get("name"), worker.get("retries"), worker.get("used"))


def properties(text):
    """Keys and values of a properties file, the last of a key counts."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def ant_update(url, lb, member, pairs):
    """As Ant's update task: a GET with mime=txt, then mime=prop tells what is in force."""
    query = {"cmd": "update", "mime": "txt", "w": lb}
    if member != "-":
        query["sw"] = member
    _, text = fetch(url, **query, **dict(pair.split("=", 1) for pair in pairs))
    print(text.strip())
    _, text = fetch(url, cmd="show", mime="prop", w=lb)
    known = properties(text)
    name = lb if member == "-" else member
    wanted = ("activation", "lbfactor", "route", "redirect", "distance", "method", "retries", "sticky_session", "lock")
    for key in wanted:
        value = known.get("worker.%s.%s" % (name, key))
        if value is not None:
            print(key, value)


def nagios(url, lb):
    """As plugins do it: OK, WARNING, CRITICAL by how many members serve."""
    _, text = fetch(url, cmd="show", w=lb, mime="xml")
    balancer = ElementTree.fromstring(text).find(NS + "balancer")
    if balancer is None:
        print("UNKNOWN - no balancer", lb)
        return 3
    members = balancer.findall(NS + "member")
    bad = [m.get("name") for m in members if m.get("activation") != "ACT" or m.get("state").startswith("ERR")]
    word, code = ("OK", 0) if not bad else ("WARNING", 1) if len(bad) < len(members) else ("CRITICAL", 2)
    print("%s - %d of %d members serve%s" % (word, len(members) - len(bad), len(members), "".join(" !" + n for n in bad)))
    return code


def main(command, url, *rest):
    if command == "ant-list":
        ant_list(url)
    elif command == "ant-update":
        ant_update(url, rest[0], rest[1], rest[2:])
    elif command == "nagios":
        return nagios(url, rest[0])
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
