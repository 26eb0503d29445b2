# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of tidio-auth for fish.

function __tidio_auth_accounts
    tidio-auth accounts --json 2>/dev/null |
        string replace -rf '^ *"id" *: *"([A-Za-z0-9._@-]*)",*$' '$1'
end

function __tidio_auth_providers
    printf '%s\n' tidio tidio-openapi
    set -l config $XDG_CONFIG_HOME
    test -n "$config"; or set config ~/.config
    set -l data (string split : -- $XDG_DATA_DIRS)
    test -n "$data"; or set data /usr/local/share /usr/share
    for folder in $config $data
        for file in $folder/tidio-auth/providers/*.conf
            path basename $file | string replace -r '\.conf$' '' |
                string match -r '^[A-Za-z0-9._-]+$'
        end
    end
end

function __tidio_auth_option -a command
    complete -c tidio-auth -n "__fish_seen_subcommand_from $command" $argv[2..]
end

complete -c tidio-auth -f
complete -c tidio-auth -s h -l help -d 'Show help options'
complete -c tidio-auth -l version -d 'Show the version'

for line in 'sign-in:Sign in through the browser' \
        'sign-out:Revoke and delete an account\'s tokens' \
        'token:Print an access token that is valid now' \
        'call:Make an API call and print the answer' \
        'accounts:List the accounts' \
        'default:Show or set the default account' \
        'log:Print which programs asked for what' \
        'watch:Print what happens, as it happens' \
        'client:Set, show or clear a provider\'s client id and secret' \
        'apps:List and set what applications may do' \
        'doctor:Look for what keeps it from working' \
        'exec:Run a command with a token in its environment' \
        'credential:Give git the token, as its credential helper'
    set -l parts (string split -m 1 : -- $line)
    complete -c tidio-auth -n __fish_use_subcommand -a $parts[1] -d $parts[2]
end

for command in sign-in sign-out token default exec
    __tidio_auth_option $command -a '(__tidio_auth_accounts)'
end
__tidio_auth_option call -a '(__tidio_auth_accounts):'
__tidio_auth_option client -a 'set show clear'
__tidio_auth_option apps -a 'list allow deny forget'
__tidio_auth_option credential -a 'get store erase'

__tidio_auth_option sign-in -l provider -x -a '(__tidio_auth_providers)'
__tidio_auth_option sign-in -l scopes -x
__tidio_auth_option sign-in -l no-browser
__tidio_auth_option sign-in -l device
__tidio_auth_option token -l min-validity -x
__tidio_auth_option token -l interactive
__tidio_auth_option token -l header
__tidio_auth_option token -l json
__tidio_auth_option token -l show
__tidio_auth_option call -s X -l request -x -a 'GET HEAD POST PUT PATCH DELETE'
__tidio_auth_option call -s d -l data -r
__tidio_auth_option call -s H -l header -x
__tidio_auth_option call -s i -l include
__tidio_auth_option call -s o -l output -r -F
__tidio_auth_option call -l interactive
__tidio_auth_option call -l timeout -x
__tidio_auth_option accounts -l json
__tidio_auth_option log -s n -l number -x
__tidio_auth_option log -l json
__tidio_auth_option watch -l json
__tidio_auth_option doctor -l json
__tidio_auth_option client -l provider -x -a '(__tidio_auth_providers)'
__tidio_auth_option client -l client-id -x
__tidio_auth_option apps -l call -x
__tidio_auth_option apps -l token
__tidio_auth_option apps -l json
__tidio_auth_option exec -l min-validity -x
__tidio_auth_option exec -l interactive
