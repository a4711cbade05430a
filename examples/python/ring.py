#!/usr/bin/env python3
"""A phone and a backend in plain Python: requests and paho-mqtt, no SDK.

    ring.py listen bob           registers a device of Bob's and prints its
                                 events; with --answer, it takes calls
    ring.py send bob             rings all of Bob's devices

ROLLCALL_URL says where Rollcall is; the names and secrets are those of its
demo directory. `send` exits with 0 where a device rings and 6 where none
does; both exit with 1 where the server refuses.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import random
import signal
import sys
import time
import uuid
from datetime import datetime, timezone
from urllib.parse import quote, urlsplit

import paho.mqtt.client as mqtt
import requests

URL = os.environ.get("ROLLCALL_URL", "http://127.0.0.1:8080").rstrip("/")
ENDPOINTS = URL + "/rtc-api/users/endpoints"
REMINDER = "UserEndpointKeepAliveRequestedEvent"

KEEP_ALIVE_S = 30  # how long callers may believe it is there when it is not
TIMEOUT_S = 10
BACKOFF_FIRST_S = 1.0
# Whoever waits longer comes back to a registration that has expired.
BACKOFF_MAX_S = KEEP_ALIVE_S / 2
REMEMBERED_MAX = 500


class Refused(Exception):
    """The server's answer to a request or a connection: no."""


def sign_in(client: tuple[str, str], **grant: str) -> str:
    """An access token, from the token endpoint of OAuth 2.0."""
    answer = requests.post(URL + "/security/oauth/token", auth=client,
                           data=grant, timeout=TIMEOUT_S)
    if not answer.ok:
        raise Refused(answer.json().get("error_description", answer.text))
    return answer.json()["access_token"]


def post(path: str, token: str, body: dict, **headers: str
         ) -> requests.Response:
    """One operation of the API."""
    answer = requests.post(ENDPOINTS + path, json=body, timeout=TIMEOUT_S,
                           headers={"Authorization": f"Bearer {token}",
                                    **headers})
    if not answer.ok:
        raise Refused(answer.json().get("message", answer.text))
    return answer


class Phone:
    """A device that stays reachable until it is stopped."""

    def __init__(self, user: str, answers: bool) -> None:
        self.user = user
        # Whether somebody is there who takes calls.
        self.answers = answers
        # Our own id. Keep it where it survives a restart: the device then
        # comes back as itself, to the events that have waited for it.
        self.endpoint = f"python-{uuid.uuid4()}"
        self.token = ""
        self.keep_alive_at = 0.0
        self.is_online = self.was_online = False
        self.seen: collections.deque[str] = collections.deque(
            maxlen=REMEMBERED_MAX)

    def run(self) -> None:
        """Registers, connects, and does so again whenever that ends."""
        wait_s = BACKOFF_FIRST_S
        while True:
            self.is_online = False
            try:
                self.register()
                self.listen()
            except (Refused, OSError, ValueError) as error:
                # What has never worked, and is refused, will not work.
                if isinstance(error, Refused) and not self.was_online:
                    raise
                log(f"{error}")
            if self.is_online:
                wait_s = BACKOFF_FIRST_S
            # A random part of the bound, so that the devices of a server
            # that was restarted do not all come back at once.
            time.sleep(random.uniform(0, wait_s))
            wait_s = min(2 * wait_s, BACKOFF_MAX_S)

    def register(self) -> None:
        # Anew each time: the token may be what has ended. An id that is
        # registered already is refreshed, and keeps what waits for it.
        self.token = sign_in(("customer", ""), grant_type="password",
                             username=self.user,
                             password=f"{self.user}-password")
        post("/register", self.token, {
            "userEndpointId": self.endpoint,
            "keepAliveSeconds": KEEP_ALIVE_S,
            "serverKeepAliveReminderOn": True,
        })
        self.keep_alive_at = time.monotonic() + KEEP_ALIVE_S / 2

    def keep_alive(self) -> None:
        post("/keepalive", self.token, {"userEndpointId": self.endpoint})
        self.keep_alive_at = time.monotonic() + KEEP_ALIVE_S / 2

    def unregister(self) -> None:
        post("/unregister", self.token, {"userEndpointId": self.endpoint})

    def answer(self, event_id: str) -> None:
        """The person takes the call: the first device to say so has it."""
        answer = requests.post(
            f"{URL}/rtc-api/events/{quote(event_id, safe='')}/answer",
            json={"userEndpointId": self.endpoint}, timeout=TIMEOUT_S,
            headers={"Authorization": f"Bearer {self.token}"})
        if answer.ok:
            log("answered")
        elif answer.status_code == 409:
            log(f"{answer.json()['answeredBy']} was first to answer")
        else:
            log(answer.json().get("message", answer.text))

    def listen(self) -> None:
        """Returns when the connection ends."""
        client = make_client(self.endpoint)
        client.username_pw_set(self.user, self.token)
        client.on_connect = self.on_connect
        client.on_subscribe = self.on_subscribe
        client.on_message = self.on_message
        where = urlsplit(URL)
        is_secure = where.scheme == "https"
        if is_secure:
            client.tls_set()
        client.ws_set_options(path="/ws")
        port = where.port or (443 if is_secure else 80)
        client.connect(where.hostname or "127.0.0.1", port, keepalive=30)
        try:
            while (code := client.loop(timeout=1.0)) == mqtt.MQTT_ERR_SUCCESS:
                # A reminder that had no connection to go over is lost.
                if time.monotonic() >= self.keep_alive_at:
                    self.keep_alive()
            log(f"the connection has ended: {mqtt.error_string(code)}")
        finally:
            client.disconnect()

    # The callbacks take what both generations of paho-mqtt hand over.

    def on_connect(self, client: mqtt.Client, _data: object, _flags: object,
                   code: object, *_rest: object) -> None:
        if code != 0:
            raise Refused(f"the connection was refused: {code}")
        client.subscribe(f"users/endpoints/{self.endpoint}", qos=1)

    def on_subscribe(self, _client: mqtt.Client, _data: object, _mid: int,
                     codes: list, *_rest: object) -> None:
        if any(getattr(code, "value", code) >= 0x80 for code in codes):
            raise Refused("the subscription was refused")
        self.is_online = self.was_online = True
        log(f"{self.user} is reachable as {self.endpoint}")

    def on_message(self, _client: mqtt.Client, _data: object,
                   message: mqtt.MQTTMessage) -> None:
        event = json.loads(message.payload)
        if event["type"] == REMINDER:
            self.keep_alive()
        # At least once may be twice.
        elif event["id"] not in self.seen:
            self.seen.append(event["id"])
            # Escapes what could play tricks with the terminal.
            print(json.dumps(event), flush=True)
            if self.answers and event["type"] == "CallOfferedEvent":
                self.answer(event["id"])
        # paho-mqtt acknowledges when this returns: the device has it.


def make_client(client_id: str) -> mqtt.Client:
    """MQTT 3.1.1 over WebSocket, with either generation of paho-mqtt."""
    options = {"client_id": client_id, "transport": "websockets"}
    if hasattr(mqtt, "CallbackAPIVersion"):
        return mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, **options)
    return mqtt.Client(**options)


def send(user: str) -> int:
    """Rings all devices of a user, as a backend does."""
    token = sign_in(("acme-backend", "acme-secret"),
                    grant_type="client_credentials")
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    event = {"type": "CallOfferedEvent", "caller": "Python",
             "timestamp": now.replace("+00:00", "Z")}
    # Prefer: the answer waits until all devices have it, for 5 s at most.
    answer = post("/sendEvent", token, {"userId": user, "qos": 1,
                                        "ttlSeconds": 30, "event": event},
                  Prefer="wait=5")
    # Absent where something on the way has dropped it: then nothing is known.
    devices = int(answer.headers.get("Acknowledged", "0"))
    if devices == 0:
        print("unavailable")
        return 6
    print(f"rings on {devices} device{'' if devices == 1 else 's'}")
    return 0


def listen(user: str, answers: bool) -> int:
    phone = Phone(user, answers)
    # Asked to end in another way than by Ctrl-C, end in the same.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        phone.run()
    except KeyboardInterrupt:
        # So that nobody rings a device that is gone.
        if phone.was_online:
            phone.unregister()
            log("unregistered")
    return 0


def log(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["listen", "send"])
    parser.add_argument("user")
    parser.add_argument("--answer", action="store_true")
    wanted = parser.parse_args()
    try:
        if wanted.command == "listen":
            return listen(wanted.user, wanted.answer)
        return send(wanted.user)
    except (Refused, OSError, ValueError) as error:
        log(f"{error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
