# socat says what it reads. $1 is what it does at the end of its input.
case $1 in
shut) exec socat -t 60 - "TCP:$HOST:$PORT" ;;           # ends its sending side, and reads on to the end
brief) exec socat - "TCP:$HOST:$PORT" ;;                # the same, for half a second
close) exec socat -t 0 - "TCP:$HOST:$PORT" ;;           # ends its sending side, and closes
send) exec socat -u - "TCP:$HOST:$PORT" ;;              # the same, and has never read
drop) exec socat -t 0 - "TCP:$HOST:$PORT,shut-none" ;;  # closes alone
listen) exec socat -,ignoreeof "TCP:$HOST:$PORT" ;;     # nothing: it reads on
esac
