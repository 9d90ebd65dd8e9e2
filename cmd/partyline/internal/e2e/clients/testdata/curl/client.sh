# curl says what it reads. At the end of its input it reads on, for a second if $1 is
# timeout.
case $1 in
timeout) exec curl -sN --max-time 1 "telnet://$HOST:$PORT" ;;
listen) exec curl -sN "telnet://$HOST:$PORT" ;;
esac
