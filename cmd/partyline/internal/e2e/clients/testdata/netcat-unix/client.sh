# OpenBSD's netcat on a unix socket sends its standard input. $1 selects what it does at the end of its input.
case $1 in
shut) exec nc.openbsd -N -U "$SOCKET" ;;      # shuts down its sending side, and reads to the end
close) exec nc.openbsd -q 0 -U "$SOCKET" ;;   # closes at once
listen) exec nc.openbsd -U "$SOCKET" ;;       # nothing: it continues to read
esac
