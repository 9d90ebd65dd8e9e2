# busybox's nc sends its standard input. At the end of its input it shuts down its sending
# side, and reads to the end.
exec busybox nc "$HOST" "$PORT"
