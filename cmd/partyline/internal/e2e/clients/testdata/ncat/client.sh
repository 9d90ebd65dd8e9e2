# Nmap's netcat says what it reads. $1 is what it does at the end of its input.
case $1 in
shut) exec ncat "$HOST" "$PORT" ;;                 # ends its sending side, and reads on to the end
close) exec ncat --send-only "$HOST" "$PORT" ;;    # closes at once, and has never read
timeout) exec ncat --idle-timeout 1 --no-shutdown "$HOST" "$PORT" ;; # closes after a second without a byte
listen) exec ncat --no-shutdown "$HOST" "$PORT" ;; # nothing: it reads on
esac
