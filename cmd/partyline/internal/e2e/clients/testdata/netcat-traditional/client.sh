# The traditional netcat sends its standard input. $1 selects what it does at the end of its input.
case $1 in
shut) exec nc.traditional -q 60 "$HOST" "$PORT" ;;   # shuts down its sending side, and reads to the end
close) exec nc.traditional -q 0 "$HOST" "$PORT" ;;   # shuts down its sending side, and closes
timeout) exec nc.traditional -w 1 "$HOST" "$PORT" ;; # closes after a second or two without data
listen) exec nc.traditional "$HOST" "$PORT" ;;       # nothing: it continues to read
esac
