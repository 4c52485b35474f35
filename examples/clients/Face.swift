// Shows the face in a SwiftUI app, with LiveKit's client-sdk-swift. Voice and face are two tracks of
// the agent. Make the room with sync_streams (README).
import LiveKit
import SwiftUI

struct Face: View {
    @ObservedObject var room: Room

    private var track: VideoTrack? {
        room.remoteParticipants.values
            .first { $0.kind == .agent }?
            .firstCameraVideoTrack
    }

    var body: some View {
        if let track { SwiftUIVideoView(track) } else { ProgressView() }
    }
}

func join(_ room: Room, url: String, token: String) async throws {
    try await room.connect(url: url, token: token)
    try await room.localParticipant.setMicrophone(enabled: true)
}
