# GNU telnet says what it reads, or what is typed. At the end of a pipe it closes, and
# discards what it has not sent yet.
exec telnet "$HOST" "$PORT"
