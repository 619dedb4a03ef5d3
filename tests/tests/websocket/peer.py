"""The other end of a WebSocket, by the library `websockets`: it shares no code with what is tested.

serve COUNT     a server that waits for one message and then sends COUNT records, closes, and begins anew with the next client
collect         a server that prints what it gets
send URL COUNT  a client that sends COUNT records
read URL        a client that prints what it gets until the server closes
"""

import asyncio
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve


def record(number):
    return '{"id":%d,"name":"n%d"}' % (number, number)


async def run(handler):
    async with serve(handler, "127.0.0.1", 0, max_size=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


async def main(what, *arguments):
    if what == "serve":
        async def handler(socket):
            await socket.recv()
            for number in range(int(arguments[0])):
                await socket.send(record(number))
        await run(handler)
    elif what == "collect":
        async def handler(socket):
            async for message in socket:
                print(message if isinstance(message, str) else message.hex(), flush=True)
        await run(handler)
    elif what == "send":
        async with connect(arguments[0]) as socket:
            for number in range(int(arguments[1])):
                await socket.send(record(number))
    elif what == "read":
        async with connect(arguments[0], max_size=None) as socket:
            async for message in socket:
                print(message if isinstance(message, str) else message.hex(), flush=True)


asyncio.run(main(*sys.argv[1:]))
