# busybox's nc says what it reads. At the end of its input it ends its sending side, and
# reads on to the end.
exec busybox nc "$HOST" "$PORT"
