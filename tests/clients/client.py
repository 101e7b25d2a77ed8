"""A program that uses the API through httpx: upload, submit with a stream, resume a stream, download by range."""

import json
import os
import sys

import httpx

address, token, configuration, document = sys.argv[1:5]
headers = {"Authorization": f"Bearer {token}"}

with httpx.Client(base_url=address, headers=headers, timeout=60) as client:
    with open(document, "rb") as file:
        name = os.path.basename(document)
        answer = client.post("/api/v1/workspaces/default/documents", files={"file": (name, file)})
    answer.raise_for_status()
    document_id = answer.json()["id"]

    new = {"document_id": document_id, "stream": True}
    events = []
    with client.stream("POST", f"/api/v1/configs/{configuration}/runs", json=new) as stream:
        stream.raise_for_status()
        events = [json.loads(line) for line in stream.iter_lines() if line]
    assert events[0]["event"] == "run.created", events[0]
    assert events[-1]["event"] == "run.completed", events[-1]
    run = events[-1]["data"]["run"]
    assert run["status"] == "succeeded", run

    resumed = client.get(f"/api/v1/runs/{run['id']}/events", headers={"Last-Event-ID": "2"})
    first = next(line for line in resumed.text.splitlines() if line.startswith("id: "))
    assert first == "id: 3", first

    whole = client.get(f"/api/v1/runs/{run['id']}/output")
    half = len(whole.content) // 2
    rest = client.get(f"/api/v1/runs/{run['id']}/output", headers={"Range": f"bytes={half}-"})
    assert rest.status_code == 206 and rest.content == whole.content[half:]

    refused = client.post(f"/api/v1/configs/{configuration}/runs", json={"document_id": 1})
    assert refused.status_code == 422, refused
    assert refused.json()["errors"][0]["field"] == "document_id", refused.json()
print("done")
