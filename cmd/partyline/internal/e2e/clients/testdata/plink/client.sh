# PuTTY's plink sends its standard input. $1 is the protocol: raw or telnet. At the end of
# its input it shuts down its sending side, or sends IAC EOF in telnet, and reads to the end.
exec plink -batch "-$1" -P "$PORT" "$HOST"
