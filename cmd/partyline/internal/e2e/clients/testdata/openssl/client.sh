# openssl sends its standard input over TLS. $1 selects what it does at the end of its input.
connect=(openssl s_client -quiet -verify_return_error -CAfile "$CA_FILE" -connect "$HOST:$PORT")
case $1 in
close) exec "${connect[@]}" -no_ign_eof ;; # sends a close_notify, and closes
listen) exec "${connect[@]}" ;;            # nothing: it continues to read
esac
