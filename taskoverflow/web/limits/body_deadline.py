"""A client has so long to send its body: one that trickles would keep a place for ever."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from taskoverflow.errors import RequestTimeout


class BodyDeadline:
    """ASGI middleware. `seconds` counts from the end of the headers to that of the body."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; who reads its body too late gets RequestTimeout."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        deadline = asyncio.get_running_loop().time() + self.seconds
        complete = False

        async def receive_in_time() -> Message:
            nonlocal complete
            if complete:  # from now on it waits for the client to hang up
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError as error:
                raise RequestTimeout("The body took too long to arrive.") from error
            complete = not message.get("more_body", False)
            return message

        await self.app(scope, receive_in_time, send)
