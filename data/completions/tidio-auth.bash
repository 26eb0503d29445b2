# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of tidio-auth for bash.
#
# Only what begins like the word at the cursor is offered. The word is taken from the line itself,
# because readline cuts words at characters that accounts may have, such as "@"; what it has cut off
# in front is left out of the answers.

_tidio_auth_accounts ()
{
  tidio-auth accounts --json 2>/dev/null | sed -n 's/^ *"id" *: *"\([A-Za-z0-9._@-]*\)",*$/\1/p'
}

_tidio_auth_providers ()
{
  local folders folder file
  printf '%s\n' tidio tidio-openapi
  IFS=: read -ra folders <<< \
    "${XDG_CONFIG_HOME:-$HOME/.config}:${XDG_DATA_DIRS:-/usr/local/share:/usr/share}"
  for folder in "${folders[@]}"; do
    for file in "$folder"/tidio-auth/providers/*.conf; do
      file=${file##*/}
      [[ ${file%.conf} =~ ^[A-Za-z0-9._-]+$ ]] && printf '%s\n' "${file%.conf}"
    done
  done
}

# The options of a command; those that take a value end with "=".
_tidio_auth_options ()
{
  case $1 in
    '') ;;
    sign-in) echo --provider= --scopes= --no-browser --device ;;
    token) echo --min-validity= --interactive --header --json --show ;;
    call) echo --request= --data= --header= --include --output= --interactive --timeout= ;;
    accounts | doctor | watch) echo --json ;;
    log) echo --number= --json ;;
    client) echo --provider= --client-id= ;;
    apps) echo --call= --token --json ;;
    exec) echo --min-validity= --interactive ;;
  esac
  echo --help --version
}

_tidio_auth_words ()
{
  local command=$1 previous=$2
  case $current in
    --provider=*) _tidio_auth_providers | sed 's/^/--provider=/'; return ;;
    --request=*) printf -- '--request=%s\n' GET HEAD POST PUT PATCH DELETE; return ;;
    -*) _tidio_auth_options "$command" | tr ' ' '\n'; return ;;
  esac
  case $command:$previous in
    *:--provider) _tidio_auth_providers ;;
    call:-X | call:--request) printf '%s\n' GET HEAD POST PUT PATCH DELETE ;;
    *:--scopes | *:--min-validity | *:--client-id | *:--timeout) ;;
    log:-n | log:--number | apps:--call | apps:list | apps:allow | apps:deny | apps:forget) ;;
    call:-[dHo] | call:--data | call:--header | call:--output) ;;
    :*) printf '%s\n' sign-in sign-out token call accounts default log watch client apps \
      doctor exec credential ;;
    sign-in:* | sign-out:* | token:* | default:* | exec:*) _tidio_auth_accounts ;;
    call:*) _tidio_auth_accounts | sed 's/$/:/' ;;
    client:*) printf '%s\n' set show clear ;;
    apps:apps) printf '%s\n' list allow deny forget ;;
    apps:*) _tidio_auth_accounts ;;
    credential:*) printf '%s\n' get store erase ;;
  esac
}

# Behind "exec ... --": another command, and its files.
_tidio_auth_command ()
{
  COMPREPLY=()
  compopt -o default 2>/dev/null
  if [[ ${words[-2]} == -- ]]; then
    mapfile -t COMPREPLY < <(compgen -c -- "$current")
  fi
}

_tidio_auth ()
{
  local words current line=${COMP_LINE:0:COMP_POINT} cut=${COMP_WORDS[COMP_CWORD]} word command=
  COMPREPLY=()
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  current=${words[-1]}
  ((${#words[@]} > 2)) && command=${words[1]}
  if [[ $command == exec && " ${words[*]:2:${#words[@]}-3} " == *" -- "* ]]; then
    _tidio_auth_command
    return
  fi
  [[ $cut == [@:=] ]] && cut=
  while IFS= read -r word; do
    [[ $word == "$current"* ]] && COMPREPLY+=("${word#"${current%"$cut"}"}")
  done < <(_tidio_auth_words "$command" "${words[-2]}")
  [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=:] ]] && compopt -o nospace 2>/dev/null
  if [[ $command:${words[-2]} == call:-o || $command:${words[-2]} == call:--output
        || $current == @* ]]; then
    compopt -o default 2>/dev/null
  fi
  return 0
}

complete -F _tidio_auth tidio-auth
