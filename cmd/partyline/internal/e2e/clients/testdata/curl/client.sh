# curl sends its standard input. At the end of its input it continues to read. If $1 is
# timeout, it exits after a second.
case $1 in
timeout) exec curl -sN --max-time 1 "telnet://$HOST:$PORT" ;;
listen) exec curl -sN "telnet://$HOST:$PORT" ;;
esac
