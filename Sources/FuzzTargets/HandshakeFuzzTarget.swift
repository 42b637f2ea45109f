import Secure
import Wire

/// A handshake between two sides, whose messages are changed, repeated, swapped or made up in transit.
enum HandshakeFuzzTarget {
    private static let identities = [
        Identity(seed: [UInt8](repeating: 1, count: 32)), Identity(seed: [UInt8](repeating: 2, count: 32)),
    ]

    private struct End {
        var handshake: LinkHandshake
        var transport: Transport?
        var peer: PeerID?
        var isOver = false

        mutating func received(_ message: [UInt8]) -> [UInt8]? {
            guard !isOver, transport == nil else { return nil }
            do {
                switch try handshake.messageReceived(message) {
                case .send(let answer): return answer
                case .wait: break
                case .sendAndFinish(let answer, let peer, let transport):
                    (self.peer, self.transport) = (peer, transport)
                    return answer
                case .finished(let peer, let transport): (self.peer, self.transport) = (peer, transport)
                }
            } catch {
                isOver = true
            }
            return nil
        }
    }

    static func run(_ bytes: [UInt8]) {
        var choices = Choices(bytes)
        var ends = [LinkHandshake.Role.initiator, .responder].enumerated().map { number, role in
            End(
                handshake: LinkHandshake(
                    role: role, identity: identities[number],
                    staticKey: NoiseKeyPair(privateKey: [UInt8](repeating: 3 + UInt8(number), count: 32)),
                    ephemeral: NoiseKeyPair(privateKey: [UInt8](repeating: 5 + UInt8(number), count: 32)),
                    spare: NoiseKeyPair(privateKey: [UInt8](repeating: 7, count: 32))))
        }
        var messages: [[UInt8]] = [ends[0].handshake.begin() ?? []]
        var isHonest = true
        var receiver = 1
        for _ in 0..<8 {
            var message = messages.last ?? []
            switch choices.byte() % 8 {
            case 0:
                message = choices.chunk()
                isHonest = false
            case 1:
                message = messages[choices.index(below: messages.count)]
                isHonest = isHonest && message == messages.last
            case 2 where !message.isEmpty:
                message[choices.index(below: message.count)] ^= max(1, choices.byte())
                isHonest = false
            case 3:
                message.removeLast(min(message.count, 1 + choices.index(below: 64)))
                isHonest = false
            case 4:
                receiver = 1 - receiver
                isHonest = false
            default: break
            }
            guard let answer = ends[receiver].received(message) else { break }
            messages.append(answer)
            receiver = 1 - receiver
        }
        // A side that considers itself linked must be right about the peer, and its messages must not have been
        // changed.
        for number in 0..<2 where ends[number].transport != nil {
            FuzzTarget.require(ends[number].peer == identities[1 - number].peerID, "a false identity")
        }
        guard let one = ends[0].transport, let other = ends[1].transport else {
            return FuzzTarget.require(!isHonest, "an honest handshake fails")
        }
        records(&choices, from: one, to: other)
    }

    /// Checks that records arrive as they were sealed, or not at all.
    private static func records(_ choices: inout Choices, from one: Transport, to other: Transport) {
        while !choices.isOver {
            let text = choices.chunk()
            var sealed: [UInt8] = []
            one.seal(text[...], into: &sealed)
            let place = choices.byte()
            let isChanged = choices.byte() % 8 == 0 && !sealed.isEmpty
            if isChanged { sealed[Int(place) % sealed.count] ^= 1 }
            var opened: [UInt8] = []
            guard (try? other.open(sealed[...], into: &opened)) != nil else {
                return FuzzTarget.require(isChanged, "a record is refused")
            }
            FuzzTarget.require(!isChanged && opened == text, "a record arrives changed")
        }
    }
}
