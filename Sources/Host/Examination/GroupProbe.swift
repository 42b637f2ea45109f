import CoreModel
import Doctor
import Glibc
import Wire

/// Sends a datagram of its own to the group on one interface and family, and receives the datagrams to the group.
final class GroupProbe {
    let number: UInt32
    let interface: UInt32
    let isLoopback: Bool
    let family: ProbeFacts.Family
    private(set) var facts: ProbeFacts
    /// Whether another program has bound the port exclusively.
    private(set) var isPortTaken = false
    /// Not a valid announcement, and unique by a random number.
    private let datagram: [UInt8]
    private let group: Endpoint
    private var receiver: OwnedSocket?
    private var sender: OwnedSocket?
    private let poller: Poller
    private let buffer: UnsafeMutableRawBufferPointer

    init(number: UInt32, on interface: NetworkInterface, from address: IPAddress, poller: Poller) {
        self.number = number
        self.interface = interface.index
        self.poller = poller
        isLoopback = interface.isLoopback
        buffer = .allocate(byteCount: Limits.datagramBytes + 1, alignment: 16)
        datagram = Array("earshot doctor \(interface.index) ".utf8) + Entropy.bytes(16)
        switch address {
        case .v4:
            family = .v4
            group = Endpoint(address: .v4(0xEFFF_4553), port: Limits.discoveryPort)
        case .v6:
            family = .v6
            group = Endpoint(
                address: .v6(high: 0xFF12_0000_0000_0000, low: 0x6561_7273, scope: interface.index),
                port: Limits.discoveryPort)
        }
        facts = ProbeFacts(family, .failed("not sent"), hasReturned: false)
        open(from: address)
    }

    deinit {
        if let receiver { poller.remove(receiver.descriptor.number) }
        if let sender { poller.remove(sender.descriptor.number) }
        buffer.deallocate()
    }

    private func open(from address: IPAddress) {
        do throws(SystemError) {
            let sender = OwnedSocket(
                family == .v4
                    ? try MulticastSocket.sender4(address, interface) : try MulticastSocket.sender6(address, interface))
            self.sender = sender
            let receiver = OwnedSocket(
                family == .v4
                    ? try MulticastSocket.receiver4(group, interface) : try MulticastSocket.receiver6(group, interface))
            try poller.add(receiver.descriptor.number, .datagrams(number, .group), .readable)
            self.receiver = receiver
        } catch {
            isPortTaken = error.code == EADDRINUSE
            facts.sending = .failed(error.description)
        }
    }

    /// Whether the datagram was sent and has not returned.
    var isAwaited: Bool { facts.sending == .sent && !facts.hasReturned }

    func send() {
        // If we cannot receive, a missing datagram proves nothing about others.
        guard let sender, receiver != nil else { return }
        do {
            try sender.descriptor.sendDatagram(datagram, to: group)
            facts.sending = .sent
        } catch {
            switch error.code {
            case EPERM, EACCES: facts.sending = .forbidden
            case ENETUNREACH, EHOSTUNREACH: facts.sending = .unroutable
            default: facts.sending = .failed(error.description)
            }
        }
    }

    /// Receives a bounded number of datagrams, and removes our own.
    func receive(_ body: ([UInt8], Endpoint) -> Void) {
        guard let receiver else { return }
        for _ in 0..<HostBounds.datagramsPerRound {
            guard let received = try? receiver.descriptor.receiveDatagram(into: buffer) else { return }
            guard let from = received.from, received.count > 0, received.count <= Limits.datagramBytes else { continue }
            let bytes = Array(buffer[..<received.count])
            if bytes == datagram {
                facts.hasReturned = true
            } else {
                body(bytes, from)
            }
        }
    }
}

/// A reference to an owned descriptor, for optionals.
final class OwnedSocket {
    let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
}
