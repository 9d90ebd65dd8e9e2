# OpenBSD's netcat sends its standard input. $1 selects what it does at the end of its input.
case $1 in
shut) exec nc.openbsd -N "$HOST" "$PORT" ;;      # shuts down its sending side, and reads to the end
close) exec nc.openbsd -q 0 "$HOST" "$PORT" ;;   # closes at once
timeout) exec nc.openbsd -w 1 "$HOST" "$PORT" ;; # closes after a second without data
listen) exec nc.openbsd "$HOST" "$PORT" ;;       # nothing: it continues to read
esac
