# OpenBSD's netcat says what it reads. $1 is what it does at the end of its input.
case $1 in
shut) exec nc.openbsd -N "$HOST" "$PORT" ;;      # ends its sending side, and reads on to the end
close) exec nc.openbsd -q 0 "$HOST" "$PORT" ;;   # closes at once
timeout) exec nc.openbsd -w 1 "$HOST" "$PORT" ;; # closes after a second without a byte
listen) exec nc.openbsd "$HOST" "$PORT" ;;       # nothing: it reads on
esac
