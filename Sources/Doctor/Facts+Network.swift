import CoreModel
import Wire

extension Facts {
    /// The findings about the interfaces: whether there is a network at all.
    var networkFindings: [Finding] {
        let lans = lans
        if lans.isEmpty { return [noNetwork] }
        return lans.map { lan in
            let addresses = lan.interface.addresses.sorted { $0.isShownBefore($1) }
            let valid = addresses.filter { !$0.address.isLinkLocal }
            let shown = (valid.isEmpty ? addresses : valid).prefix(2).map(\.text).joined(separator: ", ")
            let router = lan.router.map { ", router \($0)" } ?? ""
            return Finding(
                .network, .ok, "\(lan.name) is up: \(shown)\(router)",
                details: addresses.map { "address \($0.text)" }
                    + (lan.interface.router.isEmpty ? [] : ["router's hardware address \(lan.interface.router.colons)"])
                    + others)
        }
    }

    /// The other interfaces of the machine, shown with `-v` only: none of them is a fault.
    private var others: [String] {
        interfaces.filter { !$0.isUsable && !$0.interface.isLoopback }.map { "\($0.name) is not used: \($0.whyUnused)" }
    }

    private var noNetwork: Finding {
        let candidates = interfaces.filter { !$0.interface.isLoopback && $0.interface.kind == .lan }
        func finding(_ line: String, _ sentence: String, _ command: String?) -> Finding {
            Finding(.noNetwork, fails: line, because: .init(sentence, command: command), details: others)
        }
        // The candidate that is closest to working.
        if let name = candidates.first(where: { $0.isUp && $0.hasCarrier })?.name {
            return finding(
                "\(name) is connected but has no address", "No router has given \(name) an address. Ask again:",
                "sudo nmcli device connect \(name)")
        }
        if let lan = candidates.first(where: \.isUp) {
            return lan.isWireless
                ? finding(
                    "\(lan.name) is on no Wi-Fi network", "\(lan.name) has not joined a Wi-Fi network. Choose one:",
                    "nmcli --ask device wifi connect NETWORK")
                : finding(
                    "\(lan.name) has no link",
                    "Nothing is at the other end of \(lan.name): plug in its cable, or switch "
                        + "the other end on.", nil)
        }
        if let name = candidates.first?.name {
            return finding(
                "\(name) is switched off", "\(name) is switched off. Switch it on:", "sudo ip link set \(name) up")
        }
        guard let other = interfaces.first(where: { !$0.interface.isLoopback }) else {
            return finding(
                "this machine has no network interface",
                "There is only lo, which leads back to this machine: connect "
                    + "the machine to a network.", nil)
        }
        return finding(
            "there is only \(other.name): \(other.whyUnused)",
            "Others in the same room cannot be reached through \(other.name): join another network as well.", nil)
    }

    /// The findings about containers, WSL2 and virtual machines, whose network is often their own, behind address
    /// translation.
    var boxFindings: [Finding] {
        guard let kind = boxKind else { return [Finding(.box, .ok, "this is not a container or a virtual machine")] }
        let details = ["kernel \(box.kernel)", "machine \(box.machine.isEmpty ? "unknown" : box.machine)"]
        let addresses = lans.flatMap(\.interface.addresses).map(\.address)
        let isTranslated = !addresses.isEmpty && addresses.allSatisfy { $0.isBehind(kind) || $0.isLinkLocal }
        // Peers that are heard or linked show that the box is not isolated.
        guard isTranslated, hearing.voices.isEmpty, hearing.links.isEmpty else {
            return [
                Finding(.box, .note, "this is \(kind.rawValue), on a network that others can share", details: details)
            ]
        }
        return [
            Finding(
                .behindNAT, fails: "this is \(kind.rawValue) behind address translation", because: kind.cause,
                details: details)
        ]
    }

    enum BoxKind: String {
        case docker = "a Docker container"
        case podman = "a Podman container"
        case wsl = "WSL2"
        case virtualMachine = "a virtual machine"

        var cause: Finding.Cause {
            switch self {
            case .docker:
                .init(
                    "This container has a network of its own: others cannot hear it. Start it on the host's network:",
                    command: "docker run --network host IMAGE")
            case .podman:
                .init(
                    "This container has a network of its own: others cannot hear it. Start it on the host's network:",
                    command: "podman run --network host IMAGE")
            case .wsl:
                .init(
                    "This is WSL2 behind NAT: others cannot hear it. Write networkingMode=mirrored under [wsl2] in "
                        + "%USERPROFILE%\\.wslconfig, or use --relay; then:", command: "wsl --shutdown")
            case .virtualMachine:
                .init(
                    "This virtual machine is behind NAT: others cannot hear it. Set its network card to \"bridged\", or "
                        + "use --relay.")
            }
        }
    }

    private var boxKind: BoxKind? {
        if box.kernel.lowercased().contains("microsoft") { return .wsl }
        if box.hasDockerFile { return .docker }
        if box.hasContainerFile { return .podman }
        let makers = ["QEMU", "KVM", "innotek", "VirtualBox", "VMware", "Parallels"]
        return makers.contains { box.machine.contains($0) } ? .virtualMachine : nil
    }

    /// The finding that names the network, identical on all its machines, so that two people can compare their screens.
    var placeFindings: [Finding] {
        let words = lans.compactMap { lan in PlaceWord(of: lan).map { (lan.name, $0.text) } }
        guard let first = words.first else { return [] }
        let others = words.dropFirst().map { ", \($0.1) on \($0.0)" }.joined()
        return [Finding(.place, .ok, "place \(first.1)\(others): the same on both machines if they share a network")]
    }
}

extension InterfaceFacts {
    fileprivate var whyUnused: String {
        switch interface.kind {
        case .vpn: return "it is a VPN"
        case .containers: return "it leads to this machine's own containers or virtual machines"
        case .pointToPoint: return "it leads to one machine only"
        case .lan:
            if !isUp { return "it is switched off" }
            if !hasCarrier { return "it has no link" }
            return "it has no address"
        }
    }
}

extension NetworkInterface.Prefix {
    /// Returns whether this prefix is shown first: IPv4 first, then addresses valid beyond the link.
    fileprivate func isShownBefore(_ other: Self) -> Bool { rank < other.rank }

    /// The prefix without its interface, which is named next to it.
    fileprivate var text: String {
        guard case .v6(let high, let low, _) = address else { return "\(address)/\(length)" }
        return "\(IPAddress.v6(high: high, low: low, scope: 0))/\(length)"
    }

    private var rank: Int {
        switch address {
        case .v4: 0
        case .v6: address.isLinkLocal ? 2 : 1
        }
    }
}

extension IPAddress {
    var isLinkLocal: Bool {
        switch self {
        case .v4(let bits): bits >> 16 == 0xA9FE
        case .v6(let high, _, _): high >> 54 == 0xFE80 >> 6
        }
    }

    /// Returns whether a box of this kind has this address when its host translates addresses for it.
    fileprivate func isBehind(_ kind: Facts.BoxKind) -> Bool {
        guard case .v4(let bits) = self else { return false }
        let isPrivateB = bits >> 20 == 0xAC1
        // 10.0.2.0/24: QEMU, VirtualBox and slirp4netns.
        let isUserMode = bits >> 8 == 0x0A0002
        switch kind {
        case .docker, .wsl: return isPrivateB || isUserMode
        // 10.88.0.0/16, 10.89.0.0/16.
        case .podman: return bits >> 17 == 0x0A58 >> 1 || isUserMode
        // 192.168.122.0/24: libvirt.
        case .virtualMachine: return isUserMode || bits >> 8 == 0xC0A87A
        }
    }
}

extension [UInt8] {
    fileprivate var colons: String {
        map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined(separator: ":")
    }
}
