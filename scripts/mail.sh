#!/usr/bin/env bash
# scripts/mail.sh COMMAND…: starts a Dovecot (IMAP) and a Postfix (SMTP) of its own on free loopback ports, runs COMMAND with
# their description as JSON in CENTRALITA_TEST_MAIL, and removes everything again. They know two users, trust a certificate made
# for the occasion, and send nothing anywhere: what Postfix takes it hands to a file.
#
# scripts/mail.sh --where: says what is missing and fails, when something is.
set -euo pipefail

missing=()
[[ -x /usr/sbin/dovecot && -x /usr/lib/dovecot/imap ]] || missing+=(dovecot-imapd)
[[ -x /usr/sbin/postfix && -x /usr/lib/postfix/sbin/smtpd ]] || missing+=(postfix)
command -v openssl >/dev/null || missing+=(openssl)
# Both change their user, which only root may.
[[ $EUID -eq 0 ]] || missing+=("the rights of root")

case ${1:-} in
  --where)
    [[ ${#missing[@]} -eq 0 ]] || { echo "${missing[*]}" && exit 1; }
    exit 0
    ;;
  '')
    echo "usage: scripts/mail.sh COMMAND…" >&2
    exit 2
    ;;
esac
if [[ ${#missing[@]} -gt 0 ]]; then
  echo "the tests of e-mail need: ${missing[*]}" >&2
  exit 1
fi

directory=$(mktemp -d "${TMPDIR:-/tmp}/centralita-mail.XXXXXX")
chmod 755 "$directory"
dovecot=
postfix=

stop() {
  [[ -z $dovecot ]] || { kill "$dovecot" 2>/dev/null && wait "$dovecot" 2>/dev/null; } || true
  [[ -z $postfix ]] || { kill "$postfix" 2>/dev/null && wait "$postfix" 2>/dev/null; } || true
  # Postfix's own children end with it, a moment later; they hold files of the directory open.
  for _ in {1..50}; do
    rm -rf "$directory" 2>/dev/null && break
    sleep 0.1
  done
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The death signal ends a server even when this script is killed outright.
guarded=(setpriv --pdeathsig TERM)

password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')

certificates() (
  cd "$directory"
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=Tests of Centralita' -keyout ca.key -out ca.pem \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
  openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr
  # For the name, not for 127.0.0.1: by its number the same server has a certificate of another name.
  openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out server.pem \
    -extfile <(printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n')
)

# $1 IMAP, $2 IMAP over TLS, $3 authentication for Postfix
dovecot_config() {
  mkdir -p "$directory/mail" "$directory/run"
  chown 65534:65534 "$directory/mail"
  printf 'ana:{PLAIN}%s:65534:65534::%s/mail/ana\nbeto:{PLAIN}%s:65534:65534::%s/mail/beto\n' \
    "$password" "$directory" "$password" "$directory" >"$directory/users"
  cat >"$directory/dovecot.conf" <<CONF
base_dir = $directory/run
state_dir = $directory/run
log_path = $directory/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <$directory/server.pem
ssl_key = <$directory/server.key
disable_plaintext_auth = no
# With a password for a token: what a provider would check, it looks up here.
auth_mechanisms = plain login xoauth2
default_login_user = nobody
default_internal_user = nobody
default_internal_group = nogroup
first_valid_uid = 1
mail_location = maildir:~/Maildir
mail_max_userip_connections = 1000
maildir_very_dirty_syncs = yes
# Tests should not wait for a slower notification than a customer would.
mailbox_idle_check_interval = 1 secs
namespace inbox {
  inbox = yes
  separator = /
}
passdb {
  driver = passwd-file
  args = $directory/users
}
userdb {
  driver = passwd-file
  args = $directory/users
}
service imap-login {
  chroot =
  inet_listener imap {
    port = $1
  }
  inet_listener imaps {
    port = $2
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
service auth {
  user = root
  inet_listener {
    port = $3
  }
}
service indexer-worker {
  process_limit = 0
}
plugin {
  acl = vfile
}
protocol imap {
  mail_plugins = acl imap_acl
}
CONF
}

# $1 SMTP without TLS, $2 STARTTLS required, $3 TLS, $4 the authentication of Dovecot
postfix_config() {
  local spool=$directory/spool
  mkdir -p "$directory/postfix" "$spool" "$directory/data"
  chown postfix "$directory/data"
  cat >"$directory/postfix/main.cf" <<CONF
compatibility_level = 3.6
queue_directory = $spool
data_directory = $directory/data
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = localhost
mydestination =
mynetworks =
local_recipient_maps =
alias_maps =
maillog_file = $directory/postfix.log
maillog_file_prefixes = $directory
# Everything goes into a file; nothing leaves the machine.
default_transport = keep
relay_transport = keep
virtual_transport = keep
relayhost =
smtpd_tls_cert_file = $directory/server.pem
smtpd_tls_key_file = $directory/server.key
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:$4
smtpd_sasl_security_options = noanonymous
smtpd_tls_auth_only = no
message_size_limit = 1048576
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_sender_restrictions = check_sender_access regexp:$directory/postfix/senders
smtpd_recipient_restrictions = check_recipient_access regexp:$directory/postfix/recipients, permit_sasl_authenticated, reject
smtpd_restriction_classes = greylist
greylist = check_policy_service unix:private/greylist
transport_maps = regexp:$directory/postfix/transport
smtpd_error_sleep_time = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
CONF
  cat >"$directory/postfix/senders" <<'CONF'
/^forbidden@/ 550 5.7.1 Sender address rejected: not owned by user
CONF
  cat >"$directory/postfix/recipients" <<'CONF'
/^later@/ 450 4.2.0 Greylisted, see http://postgrey.example/
/^nobody@/ 550 5.1.1 User unknown
/^full@/ 452 4.2.2 Mailbox full
/^grey-/ greylist
CONF
  echo '/^(ana|beto)@buzon\.example$/ box:' >"$directory/postfix/transport"
  # Postfix's protocol for policies: attributes up to an empty line, then what to do.
  cat >"$directory/greylist" <<CONF
while read -r line; do
  case \$line in
    recipient=*) recipient=\${line#recipient=} ;;
    '')
      action='450 4.2.0 Greylisted, come back later'
      [ ! -e "$directory/grey/\$recipient" ] || action=DUNNO
      printf 'action=%s\n\n' "\$action"
      ;;
  esac
done
CONF
  # A delivery agent for Maildir: whole, then seen.
  cat >"$directory/deliver" <<CONF
set -e
umask 077
box=$directory/mail/\$1/Maildir
mkdir -p "\$box/tmp" "\$box/new" "\$box/cur"
name=\$(date +%s%N).\$\$
cat >"\$box/tmp/\$name"
mv "\$box/tmp/\$name" "\$box/new/\$name"
CONF
  mkdir -p "$directory/grey"
  cat >"$directory/postfix/master.cf" <<CONF
127.0.0.1:$1 inet n - n - - smtpd
127.0.0.1:$2 inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
127.0.0.1:$3 inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
keep unix - n n - 1 pipe
  flags=q user=nobody argv=/bin/sh -c cat>>$directory/sent/mails
box unix - n n - 1 pipe
  flags=q user=nobody argv=/bin/sh $directory/deliver \${user}
greylist unix - n n - 0 spawn
  user=nobody argv=/bin/sh $directory/greylist
CONF
  mkdir -p "$directory/sent"
  chown nobody "$directory/sent"
}

certificates >"$directory/certificates.log" 2>&1 || {
  cat "$directory/certificates.log" >&2
  exit 1
}

answers() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Below the range the kernel gives to outgoing connections. Somebody may be faster: then others.
for _ in {1..20}; do
  mapfile -t ports < <(shuf -i 20000-29999 -n 6)
  dovecot_config "${ports[0]}" "${ports[1]}" "${ports[5]}"
  postfix_config "${ports[2]}" "${ports[3]}" "${ports[4]}" "${ports[5]}"
  "${guarded[@]}" /usr/sbin/dovecot -F -c "$directory/dovecot.conf" >"$directory/dovecot.out" 2>&1 </dev/null &
  dovecot=$!
  postfix -c "$directory/postfix" check >"$directory/postfix.out" 2>&1 || true
  MAIL_CONFIG=$directory/postfix "${guarded[@]}" /usr/lib/postfix/sbin/master -c "$directory/postfix" -d \
    >>"$directory/postfix.out" 2>&1 </dev/null &
  postfix=$!
  for _ in {1..100}; do
    if ! kill -0 "$dovecot" 2>/dev/null || ! kill -0 "$postfix" 2>/dev/null; then break; fi
    if answers "${ports[0]}" && answers "${ports[2]}" && answers "${ports[4]}"; then
      ready=1
      break 2
    fi
    sleep 0.1
  done
  kill "$dovecot" "$postfix" 2>/dev/null || true
  wait "$dovecot" "$postfix" 2>/dev/null || true
  dovecot=
  postfix=
done
[[ -n ${ready:-} ]] || {
  cat "$directory"/*.out "$directory"/*.log >&2
  exit 1
}

CENTRALITA_TEST_MAIL=$(printf '{"imap":%s,"imaps":%s,"smtp":%s,"submission":%s,"smtps":%s,"users":["ana","beto"],"password":"%s","authority":"%s","mail":"%s","sent":"%s","grey":"%s"}' \
  "${ports[@]:0:5}" "$password" "$directory/ca.pem" "$directory/mail" "$directory/sent/mails" "$directory/grey")
export CENTRALITA_TEST_MAIL
"$@"
