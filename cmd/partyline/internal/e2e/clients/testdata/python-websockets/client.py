"""Sends each line of its standard input over python-websockets, and prints what it receives.

The argument selects what it does at the end of its input.
"""

import asyncio
import os
import sys

import websockets


async def receive(ws):
    try:
        async for message in ws:
            print(message, flush=True)
    except websockets.ConnectionClosed:
        pass
    print("closed", ws.close_code, flush=True)


async def main(end):
    ws = await websockets.connect(os.environ["URL"])
    receiving = asyncio.create_task(receive(ws))
    while line := await asyncio.to_thread(sys.stdin.readline):
        await ws.send(line)
    if end == "close":  # with a closing handshake
        await ws.close()
    elif end == "drop":  # without a closing handshake
        ws.transport.abort()
    elif end == "exit":
        os._exit(0)
    await receiving


asyncio.run(main(sys.argv[1]))
