# SPDX-License-Identifier: Apache-2.0
# fish completion for enclume, enclumed, enclume-gateway and enclume-simulator.

# True while the arguments of one of these commands are typed.
function __enclume_in
    set -l words (commandline -opc)
    not __enclume_launching; and contains -- "$words[2]" $argv
end

# True after a "--": what follows is a program to launch.
function __enclume_launching
    contains -- -- (commandline -opc)
end

# Completes the program after "--" as a command line of its own.
function __enclume_launched
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words)
    set -l launched (string escape -- $words[(math $at + 1)..-1])
    complete -C (string join ' ' -- $launched (commandline -ct))
end

# An address: a few beginnings, and files after unix:.
function __enclume_address
    set -l typed (commandline -ct | string replace -r '^--[a-z]+=' '')
    if string match -q 'unix:*' -- $typed
        __fish_complete_path (string replace 'unix:' '' -- $typed) | string replace -r '^' 'unix:'
    else
        printf '%s\n' $argv unix: vsock:
    end
end

# enclume
complete -c enclume -f
complete -c enclume -n __fish_use_subcommand -l help -d 'Show help'
complete -c enclume -n __fish_use_subcommand -l version -d 'Show the version'
complete -c enclume -n __fish_use_subcommand -a chat -d 'Ask a verified enclave, once or in a conversation'
complete -c enclume -n __fish_use_subcommand -a ask -d 'Ask one question, about the document on standard input'
complete -c enclume -n __fish_use_subcommand -a proxy -d 'The OpenAI API on this machine, answered by a verified enclave'
complete -c enclume -n __fish_use_subcommand -a verify -d 'Check evidence, offline'
complete -c enclume -n __fish_use_subcommand -a inspect -d 'Show what is in a file of evidence, field by field'
complete -c enclume -n __fish_use_subcommand -a collateral -d 'Get what chip makers say of a platform, and show what is there'
complete -c enclume -n __fish_use_subcommand -a measure -d 'Compute what a launch measurement must be'
complete -c enclume -n __fish_use_subcommand -a policy -d 'Show what is acceptable, or check a policy file'
complete -c enclume -n __fish_use_subcommand -a model -d 'Get a model, or the digest of one'
complete -c enclume -n __fish_use_subcommand -a launch -d 'Start the image as a confidential virtual machine'
complete -c enclume -n __fish_use_subcommand -a doctor -d 'What is missing on this machine to start one, or to be one'

# enclume chat, ask, proxy, verify and policy: what is acceptable
complete -c enclume -n '__enclume_in chat ask proxy verify policy' -l policy -r -F -d 'What is acceptable, as JSON'
complete -c enclume -n '__enclume_in chat ask proxy verify policy' -l rtmr -x -d 'What a register of TDX must be: N:HEX, N:any or all:any'
complete -c enclume -n '__enclume_in chat ask proxy verify policy' -l measurement -x -d 'Accept code with this launch measurement or MRTD'
complete -c enclume -n '__enclume_in chat ask proxy verify policy' -l model-digest -x -d 'Accept only weights with this SHA-256'
complete -c enclume -n '__enclume_in chat ask proxy verify policy' -l trust-simulated -r -F -d 'Also accept simulated platforms with these roots'
complete -c enclume -n '__enclume_in chat ask proxy verify policy' -l allow-milan -d 'Accept EPYC Milan, whose reports can be forged'

# enclume proxy
complete -c enclume -n '__enclume_in proxy' -l connect -x -a '(__enclume_address 127.0.0.1:7878)' -d 'Where the enclaves are, with commas between'
complete -c enclume -n '__enclume_in proxy' -l listen -x -a '127.0.0.1:8787 [::1]:8787' -d 'Where programs ask'
complete -c enclume -n '__enclume_in proxy' -l max-age -x -d 'Ask for new evidence when the last is older, in seconds'
complete -c enclume -n '__enclume_in proxy' -l token-file -r -F -d 'The token that programs must show'
complete -c enclume -n '__enclume_in proxy' -l no-token -d 'Let every program of every user ask'
complete -c enclume -n '__enclume_in proxy' -l allow-origin -x -d 'Let web pages of this origin ask too'
complete -c enclume -n '__enclume_in proxy' -l max-connections -x -d 'Of programs at once'
complete -c enclume -n '__enclume_in proxy' -l request-timeout -x -d 'Give up on a slow program, in seconds'
complete -c enclume -n '__enclume_in proxy' -l install -d 'Write a systemd user unit, and start nothing'
complete -c enclume -n '__enclume_in proxy' -l uninstall -d 'Remove that unit'
complete -c enclume -n '__enclume_in proxy' -l help -d 'Show help'

# enclume chat and enclume ask
complete -c enclume -n '__enclume_in chat ask' -l connect -x -a '(__enclume_address 127.0.0.1:7878)' -d 'Where the enclave is'
complete -c enclume -n '__enclume_in chat ask' -l max-age -x -d 'Ask for new evidence when the last is older, in seconds'
complete -c enclume -n '__enclume_in chat ask' -l remember -r -F -d 'Keep the verified evidence in this file'
complete -c enclume -n '__enclume_in chat ask' -l save-evidence -r -F -d 'Write the evidence to this file'
complete -c enclume -n '__enclume_in chat ask' -l system -x -d 'Instructions that stand before the conversation'
complete -c enclume -n '__enclume_in chat ask' -l max-tokens -x -d 'Longest answer, in tokens'
complete -c enclume -n '__enclume_in chat ask' -l temperature -x -d '0 is always the likeliest word'
complete -c enclume -n '__enclume_in chat ask' -l top-p -x -d 'Choose among the likeliest words that make up this share'
complete -c enclume -n '__enclume_in chat ask' -l seed -x -d 'The same seed gives the same answer'
complete -c enclume -n '__enclume_in chat ask' -l stop -x -d 'End the answer before this text'
complete -c enclume -n '__enclume_in chat ask' -l plain -d 'Show Markdown as it is'
complete -c enclume -n '__enclume_in chat ask' -l verbose -d 'Say how many tokens there were, and how fast'
complete -c enclume -n '__enclume_in chat' -l history -r -F -d 'Keep what was typed in this file'
complete -c enclume -n '__enclume_in chat ask' -l quiet -d 'Do not say what was verified'
complete -c enclume -n '__enclume_in chat ask' -l json -d 'Print one JSON object with answer, usage and verdict'
complete -c enclume -n '__enclume_in chat ask' -l help -d 'Show help'

# enclume verify
complete -c enclume -n '__enclume_in verify' -F
complete -c enclume -n '__enclume_in verify' -l crl -r -F -d "AMD's revocation list"
complete -c enclume -n '__enclume_in verify' -l collateral -r -F -d 'What the maker says: a file, or a directory with what was fetched'
complete -c enclume -n '__enclume_in verify' -l report-data -x -a any -d 'What the report or quote must cover'
complete -c enclume -n '__enclume_in verify' -l hcl-report -r -F -d 'The report of a paravisor, by a virtual TPM'
complete -c enclume -n '__enclume_in verify' -l tpm-quote -r -F -d 'A quote of that TPM'
complete -c enclume -n '__enclume_in verify' -l tpm-signature -r -F -d 'The signature of that quote'
complete -c enclume -n '__enclume_in verify' -l pcrs -r -F -d 'The values of the registers that it quotes'
complete -c enclume -n '__enclume_in verify' -l event-log -r -F -d 'What the firmware measured'
complete -c enclume -n '__enclume_in verify' -l ak-cert -r -F -d 'Certificates for the key of the TPM'
complete -c enclume -n '__enclume_in verify' -l nonce -x -a any -d 'What the TPM or the GPUs must have signed'
complete -c enclume -n '__enclume_in verify' -l rim -r -F -d "NVIDIA's reference values"
complete -c enclume -n '__enclume_in verify' -l ocsp -r -F -d "NVIDIA's word about revocation"
complete -c enclume -n '__enclume_in verify' -l list-checks -d 'Only list every check, and why it is there'
complete -c enclume -n '__enclume_in verify' -l at -x -d 'Appraise as of this time, like 2026-11-02T10:00:00Z'
complete -c enclume -n '__enclume_in verify' -l json -d 'The verdict as one JSON object'
complete -c enclume -n '__enclume_in verify' -l explain -d 'Say for each check why it is there'
complete -c enclume -n '__enclume_in verify' -l help -d 'Show help'

# enclume verify and enclume collateral: reports and quotes
complete -c enclume -n '__enclume_in verify collateral' -l snp-report -r -F -d 'An SEV-SNP report'
complete -c enclume -n '__enclume_in verify collateral' -l tdx-quote -r -F -d 'A TD quote'
complete -c enclume -n '__enclume_in verify collateral' -l gpu-report -r -F -d 'The report of an NVIDIA GPU'
complete -c enclume -n '__enclume_in verify collateral' -l gpu-certs -r -F -d "The GPU's certificates"
complete -c enclume -n '__enclume_in verify collateral' -l certs -r -F -d "AMD's certificates for the report"

# enclume inspect
complete -c enclume -n '__enclume_in inspect' -F
complete -c enclume -n '__enclume_in inspect' -l json -d 'The same as one JSON object'
complete -c enclume -n '__enclume_in inspect' -l help -d 'Show help'

# enclume collateral
function __enclume_collateral_wants
    set -l words (commandline -opc)
    __enclume_in collateral; and test "$words[3]" = "$argv"
end
complete -c enclume -n '__enclume_collateral_wants ""' -a fetch -d 'Get it for a report or quote'
complete -c enclume -n '__enclume_collateral_wants ""' -a show -d 'What is there, and until when'
complete -c enclume -n '__enclume_collateral_wants ""' -a serve -d 'Hand it to enclaves on this host'
complete -c enclume -n '__enclume_collateral_wants fetch' -x -a '(__fish_complete_directories)'
complete -c enclume -n '__enclume_collateral_wants show' -x -a '(__fish_complete_directories)'
complete -c enclume -n '__enclume_collateral_wants serve' -x -a '(__fish_complete_directories)'
complete -c enclume -n '__enclume_in collateral' -l product -x -a 'Milan Genoa Turin' -d 'Of a report of version 2'
complete -c enclume -n '__enclume_in collateral' -l amd-url -x -d "Another service than AMD's"
complete -c enclume -n '__enclume_in collateral' -l intel-url -x -d "Another service than Intel's"
complete -c enclume -n '__enclume_in collateral' -l bundle -r -F -d 'Fetch for all that this bundle has'
complete -c enclume -n '__enclume_in collateral' -l rim-url -x -d "Another service for reference values than NVIDIA's"
complete -c enclume -n '__enclume_in collateral' -l ocsp-url -x -d "Another OCSP responder than NVIDIA's"
complete -c enclume -n '__enclume_in collateral' -l no-ocsp-nonce -d 'Take OCSP responses that were made for somebody else'
complete -c enclume -n '__enclume_in collateral' -l renew -x -d 'Leave alone what is good for longer than so many hours'
complete -c enclume -n '__enclume_in collateral' -l trust-simulated -r -F -d 'Also take what this simulated root has signed'
complete -c enclume -n '__enclume_in collateral' -l at -x -d 'What must be good at this time'
complete -c enclume -n '__enclume_in collateral' -l listen -x -a 'vsock: unix:' -d 'Where enclaves ask'
complete -c enclume -n '__enclume_in collateral' -l fetch-gpu -d 'Ask NVIDIA for what is not here'
complete -c enclume -n '__enclume_in collateral' -l once -d 'End after the first connection'
complete -c enclume -n '__enclume_in collateral' -l json -d 'The result as JSON'
complete -c enclume -n '__enclume_in collateral' -l help -d 'Show help'

# enclume measure
complete -c enclume -n '__enclume_in measure; and not __fish_seen_subcommand_from snp tdx simulated' -a snp -d 'AMD SEV-SNP'
complete -c enclume -n '__enclume_in measure; and not __fish_seen_subcommand_from snp tdx simulated' -a tdx -d 'Intel TDX'
complete -c enclume -n '__enclume_in measure; and not __fish_seen_subcommand_from snp tdx simulated' -a simulated -d 'The simulated platform'
complete -c enclume -n '__enclume_in measure' -l platform -x -a 'snp tdx' -d 'Which platform is simulated'
complete -c enclume -n '__enclume_in measure' -l ovmf -r -F -d 'The firmware image'
complete -c enclume -n '__enclume_in measure' -l kernel -r -F -d 'The kernel that is booted directly'
complete -c enclume -n '__enclume_in measure' -l initrd -r -F -d 'Its initial file system'
complete -c enclume -n '__enclume_in measure' -l cmdline -r -F -d 'A file with its command line'
complete -c enclume -n '__enclume_in measure' -l vcpus -x -d 'Virtual processors'
complete -c enclume -n '__enclume_in measure' -l vcpu-model -x -a 'EPYC EPYC-Rome EPYC-Milan EPYC-Genoa EPYC-Turin' -d 'Their model as QEMU names it'
complete -c enclume -n '__enclume_in measure' -l guest-features -x -d 'SEV_FEATURES'
complete -c enclume -n '__enclume_in measure' -l vmm -x -a 'qemu ec2 gce' -d 'Who starts it'
complete -c enclume -n '__enclume_in measure' -l firmware -r -F -d 'The firmware image'
complete -c enclume -n '__enclume_in measure' -l memory -x -d 'Memory of the machine'
complete -c enclume -n '__enclume_in measure' -l qemu -x -d 'Which QEMU starts it, by version'
complete -c enclume -n '__enclume_in measure' -l firmware-version -x -d 'The edk2 that the firmware was made from'
complete -c enclume -n '__enclume_in measure' -l acpi-tables -r -F -d 'The ACPI tables that QEMU makes'
complete -c enclume -n '__enclume_in measure' -l rsdp -r -F -d 'Their root pointer'
complete -c enclume -n '__enclume_in measure' -l table-loader -r -F -d "QEMU's script for them"
complete -c enclume -n '__enclume_in measure' -l smbios -x -d 'Digest of the event about SMBIOS'
complete -c enclume -n '__enclume_in measure' -l smbios-tables -r -F -d 'SMBIOS structures of a machine'
complete -c enclume -n '__enclume_in measure' -l processor-id -x -d 'What the processor says of itself there'
complete -c enclume -n '__enclume_in measure' -l secure-boot -x -a 'absent off on' -d 'What the firmware says of Secure Boot'
complete -c enclume -n '__enclume_in measure' -l events -d 'Also each event that the registers are made of'
complete -c enclume -n '__enclume_in measure' -l policy -d 'A policy that accepts this launch and no other'
complete -c enclume -n '__enclume_in measure' -l json -d 'One JSON object'
complete -c enclume -n '__enclume_in measure' -l help -d 'Show help'
complete -c enclume -n __enclume_launching -a '(__enclume_launched)'

# enclume policy
function __enclume_policy_wants
    set -l words (commandline -opc)
    __enclume_in policy; and test "$words[3]" = "$argv"
end
complete -c enclume -n '__enclume_policy_wants ""' -a show -d 'Print what is acceptable'
complete -c enclume -n '__enclume_policy_wants ""' -a check -d 'Say whether a file is a policy'
complete -c enclume -n '__enclume_policy_wants show; or __enclume_policy_wants check' -F
complete -c enclume -n '__enclume_in policy' -l canonical -d 'As one line, the same for the same policy'
complete -c enclume -n '__enclume_in policy' -l help -d 'Show help'

# enclume model
function __enclume_model_wants
    set -l words (commandline -opc)
    __enclume_in model; and test "$words[3]" = "$argv"
end
complete -c enclume -n '__enclume_model_wants ""' -a list -d 'The models that are known'
complete -c enclume -n '__enclume_model_wants ""' -a get -d 'Fetch a model and check it'
complete -c enclume -n '__enclume_model_wants ""' -a digest -d 'The SHA-256 of a file'
complete -c enclume -n '__enclume_model_wants ""' -a pack -d 'The volume that a confidential VM gets it from'
complete -c enclume -n '__enclume_model_wants get' -a '(enclume model list 2>/dev/null | tail -n +2 | string replace -r " .*" "")'
complete -c enclume -n '__enclume_model_wants digest' -F
complete -c enclume -n '__enclume_model_wants pack' -F
complete -c enclume -n '__enclume_in model' -l output -r -F -d 'Where to keep it'
complete -c enclume -n '__enclume_in model' -l url -x -d 'Another file than those of the list'
complete -c enclume -n '__enclume_in model' -l sha256 -x -d 'What the file at --url must be'
complete -c enclume -n '__enclume_in model' -l json -d 'The result as JSON'
complete -c enclume -n '__enclume_in model' -l help -d 'Show help'

# enclume launch
complete -c enclume -n '__enclume_in launch' -l platform -x -a 'snp tdx simulated' -d 'Which platform'
complete -c enclume -n '__enclume_in launch' -l image -x -a '(__fish_complete_directories)' -d 'What image/build made'
complete -c enclume -n '__enclume_in launch' -l model -r -F -d 'The model volume'
complete -c enclume -n '__enclume_in launch' -l word -x -d 'A word more on the kernel command line'
complete -c enclume -n '__enclume_in launch' -l memory -x -d 'Memory of the machine'
complete -c enclume -n '__enclume_in launch' -l vcpus -x -d 'Virtual processors'
complete -c enclume -n '__enclume_in launch' -l vcpu-model -x -a 'EPYC EPYC-Rome EPYC-Milan EPYC-Genoa EPYC-Turin' -d 'Which processor QEMU shows'
complete -c enclume -n '__enclume_in launch' -l firmware -r -F -d 'The firmware image'
complete -c enclume -n '__enclume_in launch' -l firmware-version -x -d 'The edk2 that the firmware was made from'
complete -c enclume -n '__enclume_in launch' -l vsock-cid -x -d 'Reach it by vsock at this address'
complete -c enclume -n '__enclume_in launch' -l vsock-socket -r -F -d 'Reach it by vsock through a program'
complete -c enclume -n '__enclume_in launch' -l port -x -d 'Reach it at this TCP port of the host'
complete -c enclume -n '__enclume_in launch' -l bind -x -d 'At this address of the host'
complete -c enclume -n '__enclume_in launch' -l tap -x -d 'Reach it through this interface of the host'
complete -c enclume -n '__enclume_in launch' -l address -x -d "The guest's address"
complete -c enclume -n '__enclume_in launch' -l gateway -x -d "The guest's way to other networks"
complete -c enclume -n '__enclume_in launch' -l guest-port -x -d 'Where the guest listens'
complete -c enclume -n '__enclume_in launch' -l snp-policy -x -d 'Guest policy'
complete -c enclume -n '__enclume_in launch' -l host-data -x -d '32 bytes that every report carries'
complete -c enclume -n '__enclume_in launch' -l cbitpos -x -d 'Position of the C-bit'
complete -c enclume -n '__enclume_in launch' -l quote-service -r -F -d 'Quote generation service'
complete -c enclume -n '__enclume_in launch' -l acpi-tables -r -F -d 'ACPI tables, for RTMR0'
complete -c enclume -n '__enclume_in launch' -l accel -x -a 'kvm tcg' -d 'How a simulated machine runs'
complete -c enclume -n '__enclume_in launch' -l root-out -r -F -d "Where the made-up chip's root certificate goes"
complete -c enclume -n '__enclume_in launch' -l chain -x -a '(__fish_complete_directories)' -d 'Keep the made-up keys here'
complete -c enclume -n '__enclume_in launch' -l simulator -r -F -d 'The program that plays the chip'
complete -c enclume -n '__enclume_in launch' -l qemu -r -F -d 'QEMU'
complete -c enclume -n '__enclume_in launch' -l name -x -d 'Name of the machine'
complete -c enclume -n '__enclume_in launch' -l serial -r -F -d "File for the guest's serial line"
complete -c enclume -n '__enclume_in launch' -l cmdline-out -r -F -d 'Write the kernel command line here'
complete -c enclume -n '__enclume_in launch' -l policy-out -r -F -d 'Write a policy for this machine here'
complete -c enclume -n '__enclume_in launch' -l dry-run -d 'Print the command'
complete -c enclume -n '__enclume_in launch' -l systemd -d 'Print a unit for systemd'
complete -c enclume -n '__enclume_in launch' -l libvirt -d 'Print a domain for libvirt'
complete -c enclume -n '__enclume_in launch' -l unchecked -d 'Start it even when the host lacks something'
complete -c enclume -n '__enclume_in launch' -l help -d 'Show help'

# enclume doctor
complete -c enclume -n '__enclume_in doctor' -l host -d 'Can this machine start confidential VMs?'
complete -c enclume -n '__enclume_in doctor' -l guest -d 'Is this machine a confidential VM as it should be?'
complete -c enclume -n '__enclume_in doctor' -l platform -x -a 'snp tdx simulated' -d 'Which platform'
complete -c enclume -n '__enclume_in doctor' -l firmware -r -F -d 'Look at this firmware too'
complete -c enclume -n '__enclume_in doctor' -l memory -x -d 'Is there so much memory?'
complete -c enclume -n '__enclume_in doctor' -l qemu -r -F -d 'QEMU'
complete -c enclume -n '__enclume_in doctor' -l root -x -a '(__fish_complete_directories)' -d 'Look below this directory'
complete -c enclume -n '__enclume_in doctor' -l json -d 'One JSON object'
complete -c enclume -n '__enclume_in doctor' -l help -d 'Show help'

# enclumed
complete -c enclumed -f
complete -c enclumed -l listen -x -a '(__enclume_address tcp:127.0.0.1:7878)' -d 'Where to listen'
complete -c enclumed -l model -r -F -d 'The model, a GGUF file'
complete -c enclumed -l engine -x -a 'llama upstream=unix: upstream=tcp:127.0.0.1:' -d 'What answers prompts'
complete -c enclumed -l projector -r -F -d 'What lets the model read images, a GGUF file'
complete -c enclumed -l model-size -x -d 'How long the model is'
complete -c enclumed -l evidence -x -a 'tsm sev-guest tdx-guest auto simulated' -d 'Where attestation evidence comes from'
complete -c enclumed -l gpus -x -a 'none nvml' -d 'GPUs that are part of the evidence'
complete -c enclumed -l device -x -a 'auto cpu gpu' -d 'Where the model is computed'
complete -c enclumed -l collateral -x -a 'vsock: unix: dir:' -d 'Where the host offers endorsements'
complete -c enclumed -l slots -x -d 'Requests that are answered at once'
complete -c enclumed -l queue -x -d 'Requests that may wait'
complete -c enclumed -l context -x -d 'Tokens of a request, prompt and answer'
complete -c enclumed -l threads -x -d 'Threads of the inference engine'
complete -c enclumed -l chat-template -x -d 'A chat template instead of the model\'s own'
complete -c enclumed -l reuse-timeout -x -d 'Keep what was computed of a conversation so long for its next turn, in seconds'
complete -c enclumed -l max-connections -x -d 'Connections at once'
complete -c enclumed -l idle-timeout -x -d 'Close a connection that asked nothing for so long, in seconds'
complete -c enclumed -l handshake-timeout -x -d 'Close a connection whose handshake takes longer, in seconds'
complete -c enclumed -l request-timeout -x -d 'Give up on a request whose body takes longer, in seconds'
complete -c enclumed -l grace -x -d 'Time for running answers when asked to stop, in seconds'
complete -c enclumed -l user -x -d 'Become this user and group after start-up'
complete -c enclumed -l help -d 'Show help'
complete -c enclumed -l version -d 'Show the version'

# enclume-gateway
complete -c enclume-gateway -f
complete -c enclume-gateway -l listen -x -a 'tcp: tls: ws: wss: unix:' -d 'Where to listen'
complete -c enclume-gateway -l reuse-port -d 'Other gateways listen there as well'
complete -c enclume-gateway -l backend -x -a 'vsock: tcp: unix:' -d 'A virtual machine'
complete -c enclume-gateway -l backends -r -F -d 'A file of their addresses'
complete -c enclume-gateway -l tls-cert -r -F -d 'Certificate chain for tls and wss'
complete -c enclume-gateway -l tls-key -r -F -d 'Its key'
complete -c enclume-gateway -l tokens -r -F -d 'Who may use a WebSocket'
complete -c enclume-gateway -l origin -x -d 'Pages whose scripts may connect'
complete -c enclume-gateway -l max-connections -x -d 'Connections at once'
complete -c enclume-gateway -l address-connections -x -d 'Connections at once from one address'
complete -c enclume-gateway -l address-rate -x -d 'New connections a second from one address'
complete -c enclume-gateway -l address-bytes -x -d 'Bytes a second from and to one address'
complete -c enclume-gateway -l token-connections -x -d 'Connections at once with one token'
complete -c enclume-gateway -l token-rate -x -d 'New connections a second with one token'
complete -c enclume-gateway -l token-bytes -x -d 'Bytes a second with one token'
complete -c enclume-gateway -l greeting-timeout -x -d 'Close a connection that does not begin'
complete -c enclume-gateway -l connect-timeout -x -d 'Wait so long for a backend'
complete -c enclume-gateway -l idle-timeout -x -d 'Close a connection on which nothing moves'
complete -c enclume-gateway -l stall-timeout -x -d 'Close a connection that takes nothing'
complete -c enclume-gateway -l ping -x -d 'Ask a silent WebSocket whether it is there'
complete -c enclume-gateway -l check-interval -x -d 'Connect to each backend so often'
complete -c enclume-gateway -l grace -x -d 'Time for connections when asked to stop'
complete -c enclume-gateway -l metrics -x -d 'Where Prometheus asks'
complete -c enclume-gateway -l help -d 'Show help'
complete -c enclume-gateway -l version -d 'Show the version'

# enclume-simulator
complete -c enclume-simulator -f
complete -c enclume-simulator -n 'not __enclume_launching' -l platform -x -a 'snp tdx' -d 'Which platform to play'
complete -c enclume-simulator -n 'not __enclume_launching' -l gpus -x -d 'How many GPUs to play'
complete -c enclume-simulator -n 'not __enclume_launching' -l delay-ms -x -d 'How long the chip takes for a report, in milliseconds'
complete -c enclume-simulator -n 'not __enclume_launching' -l root-out -r -F -d 'Write the made-up root certificate to this file'
complete -c enclume-simulator -n 'not __enclume_launching' -l chain -x -a '(__fish_complete_directories)' -d 'Keep the made-up keys and certificates here'
complete -c enclume-simulator -n 'not __enclume_launching' -l vm -d 'The program is QEMU: measure its machine'
complete -c enclume-simulator -n 'not __enclume_launching' -l vcpu-model -x -a 'EPYC EPYC-Rome EPYC-Milan EPYC-Genoa EPYC-Turin' -d 'Processor model to measure'
complete -c enclume-simulator -n 'not __enclume_launching' -l policy-debug -d 'Launch so that the host may debug'
complete -c enclume-simulator -n 'not __enclume_launching' -l json -d 'Say what was launched as one JSON object'
complete -c enclume-simulator -n 'not __enclume_launching' -l help -d 'Show help'
complete -c enclume-simulator -n 'not __enclume_launching' -l version -d 'Show the version'
complete -c enclume-simulator -n __enclume_launching -a '(__enclume_launched)'
