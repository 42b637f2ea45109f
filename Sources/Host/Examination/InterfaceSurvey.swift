import CLinux
import CoreModel
import Doctor
import Glibc

/// All interfaces of the machine, also those that are of no use.
enum InterfaceSurvey {
    /// `IFF_LOWER_UP` (linux/if.h): the physical layer is up.
    private static let carrierFlag: UInt32 = 0x1_0000

    static func current(only names: [String], files: MachineFiles) throws(SystemError) -> [InterfaceFacts] {
        let used = try InterfaceList(only: names).interfaces
        let routers = RouterTable.current()
        var first: UnsafeMutablePointer<ifaddrs>?
        try promptCall("getifaddrs") { getifaddrs(&first) }
        defer { freeifaddrs(first) }

        var all: [InterfaceFacts] = []
        for entry in sequence(first: first, next: { $0?.pointee.ifa_next }).prefix(while: { $0 != nil }) {
            // The interfaces themselves come first. One without a hardware address, as tunnels are, has no address there.
            guard let entry = entry?.pointee,
                entry.ifa_addr.map({ CInt($0.pointee.sa_family) == AF_PACKET }) ?? true
            else { continue }
            let name = String(cString: entry.ifa_name)
            let isLoopback = entry.ifa_flags & UInt32(IFF_LOOPBACK) != 0
            // lo is what the others are compared with.
            guard names.isEmpty || isLoopback || names.contains(name) else { continue }
            let index = if_nametoindex(name)
            guard index != 0, !all.contains(where: { $0.interface.index == index }) else { continue }
            var interface =
                used.first { $0.index == index }
                ?? NetworkInterface(index: index, name: name, isLoopback: isLoopback, addresses: [])
            if interface.kind == .lan { interface.kind = kind(of: interface, files) }
            all.append(
                InterfaceFacts(
                    interface, isUp: entry.ifa_flags & UInt32(IFF_UP) != 0,
                    hasCarrier: entry.ifa_flags & carrierFlag != 0 && entry.ifa_flags & UInt32(IFF_RUNNING) != 0,
                    isWireless: files.isWireless(name), router: routers[name]?.address))
        }
        return all.sorted { $0.interface.index < $1.interface.index }
    }

    /// What the list of interfaces does not tell: those that it leaves out, and ports of a bridge, which are the bridge's.
    private static func kind(of interface: NetworkInterface, _ files: MachineFiles) -> NetworkInterface.Kind {
        if files.isTunnel(interface.name) { return .vpn }
        if files.isBridgePort(interface.name) { return .containers }
        return interface.addresses.isEmpty && files.isBridge(interface.name) ? .containers : .lan
    }
}
