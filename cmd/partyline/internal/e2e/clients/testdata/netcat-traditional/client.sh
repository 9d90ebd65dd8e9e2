# The traditional netcat says what it reads. $1 is what it does at the end of its input.
case $1 in
shut) exec nc.traditional -q 60 "$HOST" "$PORT" ;;   # ends its sending side, and reads on to the end
close) exec nc.traditional -q 0 "$HOST" "$PORT" ;;   # ends its sending side, and closes
timeout) exec nc.traditional -w 1 "$HOST" "$PORT" ;; # closes after a second or two without a byte
listen) exec nc.traditional "$HOST" "$PORT" ;;       # nothing: it reads on
esac
