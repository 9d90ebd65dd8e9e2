# socat on a unix socket sends its standard input. $1 selects what it does at the end of its input.
case $1 in
shut) exec socat -t 60 - "UNIX:$SOCKET" ;;           # shuts down its sending side, and reads to the end
close) exec socat -t 0 - "UNIX:$SOCKET" ;;           # shuts down its sending side, and closes
drop) exec socat -t 0 - "UNIX:$SOCKET,shut-none" ;;  # closes without a shutdown
listen) exec socat -,ignoreeof "UNIX:$SOCKET" ;;     # nothing: it continues to read
esac
