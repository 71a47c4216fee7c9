#!/bin/sh
# Makes the certificates and keys of the tests, once: they are committed and valid until 2125. Run here, with openssl 3.
set -eu
DAYS=36500
key() { openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1.key"; }
# root: what everything else is signed by
key ca
openssl req -x509 -new -key ca.key -days $DAYS -subj '/C=JP/O=Catflap Tests/CN=Test Root' -out ca.pem \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
# sign NAME ISSUER SUBJECT EXTENSIONS
sign() {
  openssl req -new -key "$1.key" -subj "$3" -out "$1.csr"
  printf '%s\n' "$4" | tr ';' '\n' > "$1.ext"
  openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days $DAYS -extfile "$1.ext" -out "$1.pem"
  rm "$1.csr" "$1.ext"
}
key intermediate
sign intermediate ca '/C=JP/O=Catflap Tests/CN=Test Intermediate' 'basicConstraints=critical,CA:TRUE;keyUsage=critical,keyCertSign,cRLSign'
key www
sign www ca '/O=Catflap Tests/CN=www.example.test' 'subjectAltName=DNS:www.example.test,DNS:localhost,IP:127.0.0.1'
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out www-ec.key
sign www-ec ca '/O=Catflap Tests/CN=www.example.test' 'subjectAltName=DNS:www.example.test,DNS:localhost,IP:127.0.0.1'
key app
sign app ca '/O=Catflap Tests/CN=app.example.test' 'subjectAltName=DNS:app.example.test'
key wild
sign wild ca '/O=Catflap Tests/CN=*.wild.test' 'subjectAltName=DNS:*.wild.test'
key chained
sign chained intermediate '/O=Catflap Tests/CN=www.example.test' 'subjectAltName=DNS:www.example.test,DNS:localhost,IP:127.0.0.1'
cat chained.pem intermediate.pem chained.key > combined.pem
openssl rsa -in www.key -aes256 -passout pass:catflap -out encrypted.key
key client
sign client ca '/C=JP/ST=Kyoto/O=Catflap Tests/OU=Paws/CN=Client One/emailAddress=one@example.test' 'extendedKeyUsage=clientAuth;subjectAltName=email:one@example.test,DNS:one.example.test'
key deep
sign deep intermediate '/O=Catflap Tests/CN=Client Deep' 'extendedKeyUsage=clientAuth'
cat deep.pem intermediate.pem > deep-chain.pem
key stranger
openssl req -x509 -new -key stranger.key -days $DAYS -subj '/CN=Stranger' -out stranger.pem
cat client.pem client.key > machine.pem
# what `openssl ca` is needed for: a certificate of the past, and a list that revokes the client
: > index.txt
echo 01 > crlnumber
cat > ca.cnf <<END
[ca]
default_ca = c
[c]
database = index.txt
new_certs_dir = .
rand_serial = yes
crlnumber = crlnumber
default_md = sha256
default_crl_days = $DAYS
policy = any
unique_subject = no
[any]
commonName = supplied
[names]
subjectAltName = DNS:www.example.test,IP:127.0.0.1
END
key expired
openssl req -new -key expired.key -subj '/CN=127.0.0.1' -out expired.csr
openssl ca -batch -config ca.cnf -keyfile ca.key -cert ca.pem -in expired.csr -extensions names -notext \
  -startdate 20200101000000Z -enddate 20200201000000Z -out expired.pem
openssl ca -config ca.cnf -keyfile ca.key -cert ca.pem -revoke client.pem
openssl ca -config ca.cnf -keyfile ca.key -cert ca.pem -gencrl -out revoked.crl
rm -f ./*.srl ./*.csr ./[0-9A-F]*.pem index.txt* crlnumber* ca.cnf intermediate.key ca.key
