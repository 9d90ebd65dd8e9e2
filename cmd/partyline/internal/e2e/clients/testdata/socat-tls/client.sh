# socat over TLS sends its standard input. $1 selects what it does at the end of its input.
address=OPENSSL:$HOST:$PORT,cafile=$CA_FILE
case $1 in
shut) exec socat -t 60 - "$address" ;;       # sends a close_notify, and reads to the end
close) exec socat -t 0 - "$address" ;;       # the same, and closes
listen) exec socat -,ignoreeof "$address" ;; # nothing: it continues to read
esac
