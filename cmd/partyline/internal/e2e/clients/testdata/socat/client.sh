# socat sends its standard input. $1 selects what it does at the end of its input.
case $1 in
shut) exec socat -t 60 - "TCP:$HOST:$PORT" ;;           # shuts down its sending side, and reads to the end
brief) exec socat - "TCP:$HOST:$PORT" ;;                # the same, but reads for half a second
close) exec socat -t 0 - "TCP:$HOST:$PORT" ;;           # shuts down its sending side, and closes
send) exec socat -u - "TCP:$HOST:$PORT" ;;              # the same; it never reads
drop) exec socat -t 0 - "TCP:$HOST:$PORT,shut-none" ;;  # closes without a shutdown
listen) exec socat -,ignoreeof "TCP:$HOST:$PORT" ;;     # nothing: it continues to read
esac
