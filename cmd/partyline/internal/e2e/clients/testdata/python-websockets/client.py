"""Says each line that it reads over python-websockets, and prints what it hears."""

import asyncio
import os
import sys

import websockets


async def hear(ws):
    try:
        async for message in ws:
            print(message, flush=True)
    except websockets.ConnectionClosed:
        pass
    print("closed", ws.close_code, flush=True)


async def main(end):
    ws = await websockets.connect(os.environ["URL"])
    hearing = asyncio.create_task(hear(ws))
    while line := await asyncio.to_thread(sys.stdin.readline):
        await ws.send(line)
    if end == "close":  # the closing handshake
        await ws.close()
    elif end == "drop":  # the connection without it
        ws.transport.abort()
    elif end == "exit":
        os._exit(0)
    await hearing


asyncio.run(main(sys.argv[1]))
