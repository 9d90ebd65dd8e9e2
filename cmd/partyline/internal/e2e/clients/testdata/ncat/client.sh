# Nmap's netcat sends its standard input. $1 selects what it does at the end of its input.
case $1 in
shut) exec ncat "$HOST" "$PORT" ;;                 # shuts down its sending side, and reads to the end
close) exec ncat --send-only "$HOST" "$PORT" ;;    # closes at once; it never reads
timeout) exec ncat --idle-timeout 1 --no-shutdown "$HOST" "$PORT" ;; # closes after a second without data
listen) exec ncat --no-shutdown "$HOST" "$PORT" ;; # nothing: it continues to read
esac
