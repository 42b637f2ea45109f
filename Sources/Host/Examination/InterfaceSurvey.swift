import CLinux
import CoreModel
import Doctor
import Glibc

/// A survey of all interfaces of the machine, including unusable ones.
enum InterfaceSurvey {
    /// `IFF_LOWER_UP` (linux/if.h): the physical layer is up.
    private static let carrierFlag: UInt32 = 0x1_0000

    static func current(only names: [String], files: MachineFiles) throws(SystemError) -> [InterfaceFacts] {
        let used = try InterfaceList(only: names).interfaces
        let routers = RouterTable.current()
        var first: UnsafeMutablePointer<ifaddrs>?
        try nonBlockingCall("getifaddrs") { getifaddrs(&first) }
        defer { freeifaddrs(first) }

        var all: [InterfaceFacts] = []
        for entry in sequence(first: first, next: { $0?.pointee.ifa_next }).prefix(while: { $0 != nil }) {
            // The interfaces precede their addresses. An interface without a hardware address, such as a tunnel, has a
            // nil address here.
            guard let entry = entry?.pointee,
                entry.ifa_addr.map({ CInt($0.pointee.sa_family) == AF_PACKET }) ?? true
            else { continue }
            let name = String(cString: entry.ifa_name)
            let isLoopback = entry.ifa_flags & UInt32(IFF_LOOPBACK) != 0
            // The findings on lo are the baseline for the others.
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

    /// Returns the kind of an interface that the list of interfaces leaves out, or of a port of a bridge, which counts
    /// as the bridge.
    private static func kind(of interface: NetworkInterface, _ files: MachineFiles) -> NetworkInterface.Kind {
        if files.isTunnel(interface.name) { return .vpn }
        if files.isBridgePort(interface.name) { return .containers }
        return interface.addresses.isEmpty && files.isBridge(interface.name) ? .containers : .lan
    }
}
