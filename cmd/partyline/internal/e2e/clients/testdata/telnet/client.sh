# GNU telnet sends its standard input, or what is typed on its terminal. At the end of a
# pipe it closes the connection, and discards what it has not sent yet.
exec telnet "$HOST" "$PORT"
