"""Checks that pyairtable works with the emulator.

It pages through a whole table, reads the schema, and creates, changes and
deletes a record. Four calls a second, since the client gives up within the 30 s
in which a 429 would have everything refused.

    python pyairtable_check.py URL BASE TABLE TOKEN COUNT

Needs the package pyairtable. Prints "N records"; exits with 1 when N is not
COUNT or a step fails.
"""

import sys
import time

import requests
from pyairtable import Api


def paced(call, *args, **options):
    time.sleep(0.25)
    return call(*args, **options)


url, base, name, token, count = sys.argv[1:]
table = Api(token, endpoint_url=url).table(base, name)

ids, pages = set(), table.iterate()
while page := paced(next, pages, None):
    ids.update(record["id"] for record in page)
print(len(ids), "records")
assert len(ids) == int(count), count

names = {field.name for field in paced(table.schema).fields}
assert {"Initial Description", "Priority"} <= names, names

created = paced(table.create, {"Initial Description": "by pyairtable", "Priority": 1})
paced(table.update, created["id"], {"Priority": 2})
assert paced(table.get, created["id"])["fields"]["Priority"] == 2
long = ",".join(["RECORD_ID()"] * 1500)  # too long for a URL, so that the client takes POST
found = paced(table.all, formula=f"AND({long},RECORD_ID()='{created['id']}')", fields=["Priority"])
assert [record["fields"] for record in found] == [{"Priority": 2}], found
assert paced(table.delete, created["id"])["deleted"]
try:
    paced(table.get, created["id"])
    sys.exit("the deleted record is still there")
except requests.HTTPError as error:
    assert error.response.status_code == 404
