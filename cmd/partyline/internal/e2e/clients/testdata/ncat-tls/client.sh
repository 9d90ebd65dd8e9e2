# Nmap's netcat over TLS sends its standard input. $1 selects what it does at the end of its input.
tls=(--ssl-verify --ssl-servername localhost --ssl-trustfile "$CA_FILE")
case $1 in
shut) exec ncat "${tls[@]}" "$HOST" "$PORT" ;;                 # shuts down its sending side, and reads to the end
close) exec ncat "${tls[@]}" --send-only "$HOST" "$PORT" ;;    # closes at once; it never reads
timeout) exec ncat "${tls[@]}" --idle-timeout 1 --no-shutdown "$HOST" "$PORT" ;; # closes after a second without data
listen) exec ncat "${tls[@]}" --no-shutdown "$HOST" "$PORT" ;; # nothing: it continues to read
esac
