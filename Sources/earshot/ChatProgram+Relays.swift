import CoreModel
import Host
import Options
import PeerCore
import Wire

extension ChatProgram {
    /// Returns a relay to join: its current addresses, its expected key, and its password.
    /// - Throws: An error if the relay's address is not known, or the password cannot be read.
    func target(of option: RelayOption, _ archive: any Archive) throws -> RelayTarget {
        let (address, endpoints) = try found(option.address, archive)
        return RelayTarget(
            address: address.place, endpoints: endpoints, host: Self.host(address), fingerprint: address.fingerprint,
            password: try option.passwordFile.map(Self.password))
    }

    private static func host(_ address: RelayAddress) -> RelayTarget.Host? {
        if case .name(let name) = address.host { RelayTarget.Host(name: name, port: address.port) } else { nil }
    }

    /// Looks up the name of a host, otherwise the name of a relay that was joined before.
    private func found(_ address: RelayAddress, _ archive: any Archive) throws -> (RelayAddress, [Endpoint]) {
        switch address.host {
        case .address(let host): return (address, [Endpoint(address: host, port: address.port)])
        case .name(let name):
            do throws(HostError) {
                return (address, try ProcessEnvironment.endpoints(ofHost: name, port: address.port))
            } catch {
                guard let nickname = try? Nickname(name),
                    let place = try archive.setting(RelayTarget.placeSetting(ofRelayNamed: nickname)),
                    var known = try? RelayAddress(String(decoding: place, as: UTF8.self)), known.host != address.host
                else {
                    // A laptop may have no network yet: the name is looked up again until it is found.
                    return (address, [])
                }
                known.fingerprint = address.fingerprint
                return try found(known, archive)
            }
        }
    }

    private static func password(in file: String) throws -> [UInt8] {
        let password = Array(try ProcessEnvironment.text(ofFile: file, atMost: 4096).prefix { !$0.isNewline }.utf8)
        guard password.count <= Limits.passwordBytes else {
            throw HostError("the password in \(file) has more than \(Limits.passwordBytes) bytes")
        }
        return password
    }
}
