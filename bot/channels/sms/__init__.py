"""SMS by Twilio, as it really is: signed webhooks into the inbox, and a sender that never posts blindly twice."""
