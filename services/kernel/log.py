"""The log of facts: NATS JetStream, one stream for all services, a subject for each source and tenant.

The log is the way by which facts travel, not where they live: readers that find a gap ask the source's outbox.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeout
from nats.js.api import ConsumerConfig, DeliverPolicy, StreamConfig
from nats.js.errors import APIError, NotFoundError

from services.kernel.events import Fact

# What "the log server is not there" looks like; the caller waits and tries again.
LOG_FAILURES = (NatsError, APIError, OSError, TimeoutError)
DUPLICATE_WINDOW_SECONDS = 300
BATCH = 200


class Log:
    """One connection of a process to the log server."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._client: Client | None = None

    async def connect(self) -> None:
        """Connect and make the stream if it is not there. Reconnects by itself for ever afterwards."""
        self._client = await nats.connect(
            self._url, connect_timeout=2, max_reconnect_attempts=-1, reconnect_time_wait=0.25, error_cb=_quiet
        )
        config = StreamConfig(
            name=self._name, subjects=[f"{self._name}.facts.>"], duplicate_window=DUPLICATE_WINDOW_SECONDS
        )
        stream = self._client.jetstream()
        try:
            await stream.stream_info(self._name)
        except NotFoundError:
            await stream.add_stream(config)

    async def close(self) -> None:
        if self._client is not None and not self._client.is_closed:
            await self._client.close()

    @property
    def connected(self) -> bool:
        return self._client is not None and self._client.is_connected

    @property
    def client(self) -> Client:
        if self._client is None:
            raise ConnectionError("the log is not connected")
        return self._client

    async def publish(self, facts: Sequence[Fact], envelopes: Sequence[bytes]) -> None:
        """Publish in order and wait until the server has stored every one. A repeated id is dropped by the server."""
        stream = self.client.jetstream()
        pending = [
            await stream.publish_async(
                f"{self._name}.facts.{fact.source}.{fact.tenant_id}",
                envelope,
                headers={"Nats-Msg-Id": str(fact.id)},
            )
            for fact, envelope in zip(facts, envelopes, strict=True)
        ]
        await asyncio.wait_for(asyncio.gather(*pending), timeout=10)

    async def batches(
        self, reader: str, source: str, gather: Callable[[], Awaitable[None]]
    ) -> AsyncIterator[Sequence[Msg]]:
        """Messages of one source for one durable reader, up to 200 at a time: what has come when `gather` returns, which
        is called with the first. An empty batch is a pause."""
        stream = self.client.jetstream()
        durable = f"{reader}-reads-{source}"
        subscription = await stream.subscribe(
            f"{self._name}.facts.{source}.>",
            queue=durable,
            durable=durable,
            stream=self._name,
            manual_ack=True,
            config=ConsumerConfig(deliver_policy=DeliverPolicy.ALL, max_ack_pending=BATCH * 5, ack_wait=30),
        )
        try:
            while True:
                try:
                    batch = [await subscription.next_msg(timeout=1)]
                except NatsTimeout:
                    yield []
                    continue
                await gather()
                while subscription.pending_msgs and len(batch) < BATCH:
                    batch.append(await subscription.next_msg(timeout=1))
                yield batch
        finally:
            if self.connected:
                await subscription.unsubscribe()


async def _quiet(error: Exception) -> None:
    """The client reconnects by itself; readiness says whether it is connected."""
