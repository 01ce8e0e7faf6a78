PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE answers (
	sequence INTEGER NOT NULL, 
	idempotency_key VARCHAR(200) NOT NULL, 
	request_digest VARCHAR(64) NOT NULL, 
	status INTEGER NOT NULL, 
	body TEXT NOT NULL, 
	answered_at FLOAT NOT NULL, 
	PRIMARY KEY (sequence), 
	UNIQUE (idempotency_key)
);
INSERT INTO "answers" VALUES(1,'08ec9effd5d0479dbd9dd8b1c2c49f5a','78ec065d42cdbab1689c55b7c958996798fa0bd349c1443f859b644c622bddb6',201,'{"state": "pending", "username_masked": null, "expires_at": "2026-12-01T02:20:28.376Z", "ended": null}',1796091028.375);
INSERT INTO "answers" VALUES(2,'old:start','4bc5484ec5261df3088db85e3cf25bd07930e42cffd21d6261c68712988c5798',201,'{"id": "pv_rgceNAq9Jq9uFKL3bEWj8w", "number_masked": "+81******5601", "expires_at": "2026-12-01T02:20:28.397Z", "resend_after": "2026-12-01T02:12:28.397Z", "checks_left": 5, "sends_left": 4}',1796091028.395);
INSERT INTO "answers" VALUES(3,'old:wrong','ef37a6465c6c040ac3fbe70d1a6e5b81f61b2dae85b20700b56fcefec2739277',422,'{"type": "urn:problem:wrong_code", "title": "The code is wrong", "status": 422, "code": "wrong_code", "checks_left": 4}',1796091028.409);
INSERT INTO "answers" VALUES(4,'old:share','a79745c5827675ec85bf3929cbadca96c73cc742ac290f9e4133b5e5e41532ae',201,'{"id": "ds_1js19nJUuXXIfIjuwxBfTw", "state": "awaiting_portal", "reason": null, "username_masked": "ha***11", "device": "dsc_plus", "owner": "self", "portal_url": "http://127.0.0.1:43457/portal#ds_1js19nJUuXXIfIjuwxBfTw", "updated_at": "2026-12-01T02:10:28.419Z", "receipt": null}',1796091028.419);
INSERT INTO "answers" VALUES(5,'old:optin','ae348f79f8877c1057a2d9e8c15c7877776a7b570c0b4f564e1af2c5b8f34d16',201,'{"id": "oi_aLDMZWBCAphB2PBXHVqCnA", "number_masked": "+81******5601", "expires_at": "2026-12-01T02:20:28.730Z", "resend_after": "2026-12-01T02:12:28.730Z", "checks_left": 5, "sends_left": 4}',1796091028.728);
CREATE TABLE challenges (
	sequence INTEGER NOT NULL, 
	id VARCHAR(40) NOT NULL, 
	purpose VARCHAR(20) NOT NULL, 
	client VARCHAR(200) NOT NULL, 
	username VARCHAR(64), 
	number VARCHAR(20) NOT NULL, 
	code_digest VARCHAR(64) NOT NULL, 
	decoy BOOLEAN NOT NULL, 
	failures INTEGER NOT NULL, 
	sends INTEGER NOT NULL, 
	created_at FLOAT NOT NULL, 
	sent_at FLOAT NOT NULL, 
	done_at FLOAT, 
	receipt VARCHAR(20), 
	PRIMARY KEY (sequence), 
	UNIQUE (id)
);
INSERT INTO "challenges" VALUES(1,'pv_rgceNAq9Jq9uFKL3bEWj8w','phone_verification','simulator.sms:+819012345678','hanako01','+819012345601','4339e94257739ef2789f7bdd3030a3cd8d3d8e130fb3733eb1c4933df7bd5cb5',0,1,1,1796091028.397,1796091028.397,NULL,NULL);
INSERT INTO "challenges" VALUES(2,'oi_aLDMZWBCAphB2PBXHVqCnA','opt_in','simulator.sms:+819012345678','hanako01','+819012345601','38c61f615b4ced1da9a2206635e73a9a30b53b3a1aafbbe46b4f6d8490862409',0,0,1,1796091028.73,1796091028.73,NULL,NULL);
CREATE TABLE clock (
	offset_seconds FLOAT NOT NULL
);
INSERT INTO "clock" VALUES(0.0);
CREATE TABLE devices (
	id INTEGER NOT NULL, 
	username VARCHAR(64) NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	shared_by VARCHAR(64), 
	PRIMARY KEY (id)
);
INSERT INTO "devices" VALUES(1,'hanako01','dsc_plus','active',NULL);
INSERT INTO "devices" VALUES(2,'priya04','dsc_plus','active',NULL);
INSERT INTO "devices" VALUES(3,'nina14','security_code_card','active',NULL);
INSERT INTO "devices" VALUES(4,'emma05','dsc_plus','active',NULL);
INSERT INTO "devices" VALUES(5,'sam06','ib_key','active',NULL);
INSERT INTO "devices" VALUES(6,'sam16','dsc_plus','active',NULL);
INSERT INTO "devices" VALUES(7,'taro07','security_code_card','active',NULL);
INSERT INTO "devices" VALUES(8,'taro17','dsc_plus','active',NULL);
INSERT INTO "devices" VALUES(9,'yuki08','security_code_card','active',NULL);
INSERT INTO "devices" VALUES(10,'yuki18','security_code_card','active',NULL);
INSERT INTO "devices" VALUES(11,'leo09','temporary_code','active',NULL);
INSERT INTO "devices" VALUES(12,'leo19','dsc_plus','active',NULL);
INSERT INTO "devices" VALUES(13,'mia10','dsc_plus','active',NULL);
INSERT INTO "devices" VALUES(14,'noa22','security_code_card','active',NULL);
INSERT INTO "devices" VALUES(15,'aya31','dsc_plus','active',NULL);
INSERT INTO "devices" VALUES(16,'aya32','dsc_plus','active',NULL);
INSERT INTO "devices" VALUES(17,'aya33','dsc_plus','active',NULL);
INSERT INTO "devices" VALUES(18,'aya34','dsc_plus','active',NULL);
INSERT INTO "devices" VALUES(19,'noa41','security_code_card','active',NULL);
INSERT INTO "devices" VALUES(20,'noa42','security_code_card','active',NULL);
INSERT INTO "devices" VALUES(21,'noa43','security_code_card','active',NULL);
INSERT INTO "devices" VALUES(22,'noa44','security_code_card','active',NULL);
CREATE TABLE link_tokens (
	digest VARCHAR(64) NOT NULL, 
	username VARCHAR(64) NOT NULL, 
	created_at FLOAT NOT NULL, 
	used_at FLOAT, 
	PRIMARY KEY (digest)
);
INSERT INTO "link_tokens" VALUES('c193579cf420b1c7542063615e58bb6bad87b6f5b572e1aeebcf0a3bab40a65f','hanako01',1796091028.371,1796091028.376);
CREATE TABLE links (
	sequence INTEGER NOT NULL, 
	id VARCHAR(40) NOT NULL, 
	client VARCHAR(200) NOT NULL, 
	username VARCHAR(64) NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	ends_at FLOAT NOT NULL, 
	PRIMARY KEY (sequence), 
	UNIQUE (id)
);
INSERT INTO "links" VALUES(1,'ln_lpYakYCdD73mTMid7duglw','simulator.sms:+819012345678','hanako01','linked',1811643028.728);
CREATE TABLE notices (
	sequence INTEGER NOT NULL, 
	id VARCHAR(40) NOT NULL, 
	client VARCHAR(200) NOT NULL, 
	body TEXT NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	tries INTEGER NOT NULL, 
	created_at FLOAT NOT NULL, 
	next_try_at FLOAT NOT NULL, 
	PRIMARY KEY (sequence), 
	UNIQUE (id)
);
INSERT INTO "notices" VALUES(1,'nt_FOuOWz-nUenWeAtU3EoJDQ','simulator.sms:+819012345678','{"type": "link.confirmed", "client": "simulator.sms:+819012345678", "data": {"username_masked": "ha***01"}}','delivered',1,1796091028.386,1796091028.386);
CREATE TABLE numbers (
	username VARCHAR(64) NOT NULL, 
	number VARCHAR(20) NOT NULL, 
	verified BOOLEAN NOT NULL, 
	PRIMARY KEY (username, number)
);
INSERT INTO "numbers" VALUES('hanako01','+819012345601',1);
INSERT INTO "numbers" VALUES('hanako11','+819012345601',1);
INSERT INTO "numbers" VALUES('olivia03','+447400123403',1);
INSERT INTO "numbers" VALUES('priya04','+919876543204',1);
INSERT INTO "numbers" VALUES('nina14','+447400123414',0);
INSERT INTO "numbers" VALUES('emma05','+447400123405',1);
INSERT INTO "numbers" VALUES('sam06','+12025550106',1);
INSERT INTO "numbers" VALUES('taro07','+819012345607',1);
INSERT INTO "numbers" VALUES('yuki08','+819012345608',1);
INSERT INTO "numbers" VALUES('leo09','+447400123409',1);
INSERT INTO "numbers" VALUES('mia10','+447400123410',1);
INSERT INTO "numbers" VALUES('noa12','+447400123412',1);
INSERT INTO "numbers" VALUES('ken15','+819012345615',1);
INSERT INTO "numbers" VALUES('rio13','+819012345613',0);
INSERT INTO "numbers" VALUES('aya31','+819012345631',1);
INSERT INTO "numbers" VALUES('aya32','+819012345632',1);
INSERT INTO "numbers" VALUES('aya33','+819012345633',1);
INSERT INTO "numbers" VALUES('aya34','+819012345634',1);
INSERT INTO "numbers" VALUES('noa31','+447400123441',1);
INSERT INTO "numbers" VALUES('noa32','+447400123442',1);
INSERT INTO "numbers" VALUES('noa33','+447400123443',1);
INSERT INTO "numbers" VALUES('noa34','+447400123444',1);
CREATE TABLE sharing_requests (
	sequence INTEGER NOT NULL, 
	id VARCHAR(40) NOT NULL, 
	client VARCHAR(200) NOT NULL, 
	username VARCHAR(64) NOT NULL, 
	partner VARCHAR(64) NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	device VARCHAR(20) NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	reason VARCHAR(30), 
	receipt VARCHAR(20), 
	created_at FLOAT NOT NULL, 
	updated_at FLOAT NOT NULL, 
	PRIMARY KEY (sequence), 
	UNIQUE (id)
);
INSERT INTO "sharing_requests" VALUES(1,'ds_1js19nJUuXXIfIjuwxBfTw','simulator.sms:+819012345678','hanako01','hanako11','hanako01','dsc_plus','awaiting_portal',NULL,NULL,1796091028.419,1796091028.419);
CREATE TABLE sms (
	sequence INTEGER NOT NULL, 
	id VARCHAR(40) NOT NULL, 
	challenge VARCHAR(40), 
	purpose VARCHAR(20) NOT NULL, 
	username VARCHAR(64), 
	client VARCHAR(200) NOT NULL, 
	number VARCHAR(20) NOT NULL, 
	sealed_text BLOB, 
	state VARCHAR(12) NOT NULL, 
	reason VARCHAR(20), 
	tries INTEGER NOT NULL, 
	created_at FLOAT NOT NULL, 
	next_try_at FLOAT NOT NULL, 
	PRIMARY KEY (sequence), 
	UNIQUE (id)
);
INSERT INTO "sms" VALUES(1,'SM9157b36f884f71ecc3a07ee4c7ab1312',NULL,'log_in','priya04','','+919876543204',NULL,'undelivered','do_not_call',0,1796001028.194,1796091028.194);
INSERT INTO "sms" VALUES(2,'SM6180f031fb3d6b2587edf9f869377008',NULL,'log_in','sam06','','+12025550106',NULL,'undelivered','carrier_refused',0,1796001028.194,1796091028.194);
INSERT INTO "sms" VALUES(3,'SMc610a4f106f2d33e8b41056cb64e6884','pv_rgceNAq9Jq9uFKL3bEWj8w','phone_verification','hanako01','simulator.sms:+819012345678','+819012345601',NULL,'delivered',NULL,1,1796091028.397,1796091028.397);
INSERT INTO "sms" VALUES(4,'SMa5ef5cf78be13bf0eb5890a04516cd16','oi_aLDMZWBCAphB2PBXHVqCnA','opt_in','hanako01','simulator.sms:+819012345678','+819012345601',X'674141414141427244697955497162665A735F5A725944466E623544487A4C365255487735436F457053667567567A364E57484E7A332D725F706D6952765A5A50442D574444596C5A696530524635474B577565504B6E6E41335939626A3767663034456E6F7A44795F7451486E56657450583050314C6658446B6C536433326F4C783834614F436255424931305362386953305677734C7374437532564F5A6A4D4A5235762D3166714B494B6D453651756E524151633D','queued',NULL,1,1796091028.73,1796091028.936);
CREATE TABLE users (
	username VARCHAR(64) NOT NULL, 
	account VARCHAR(20) NOT NULL, 
	identity VARCHAR(20) NOT NULL, 
	"primary" BOOLEAN NOT NULL, 
	secure_login VARCHAR(20) NOT NULL, 
	opt_in VARCHAR(10) NOT NULL, 
	compliance BOOLEAN NOT NULL, 
	reference VARCHAR(40) NOT NULL, 
	PRIMARY KEY (username), 
	UNIQUE (reference)
);
INSERT INTO "users" VALUES('hanako01','A1','P1',1,'opted_out','here',0,'us_wKdI4nR41kZKDFl4');
INSERT INTO "users" VALUES('hanako11','A1','P1',0,'opted_out','here',0,'us_J7ljM7123rWcS0tU');
INSERT INTO "users" VALUES('olivia03','A3','P3',1,'opted_out','here',0,'us_NwevN4Xnv7q1AcUZ');
INSERT INTO "users" VALUES('priya04','A4','P4',1,'opted_out','portal',0,'us_L0gLB8kfpztJ71vF');
INSERT INTO "users" VALUES('nina14','A14','P14',1,'opted_out','here',0,'us_8lOQvQ8IReZOQqa7');
INSERT INTO "users" VALUES('emma05','A5','P5',1,'enrolled','here',0,'us_-PdH7l3pvfK5j0ed');
INSERT INTO "users" VALUES('sam06','A6','P6',1,'enrolled','here',0,'us_KxkNUEJin9RzM9dF');
INSERT INTO "users" VALUES('sam16','A6','P6',0,'enrolled','here',0,'us_70ZBMJhSztvbd9FF');
INSERT INTO "users" VALUES('taro07','A7','P7',1,'enrolled','here',0,'us_za3gOCIProBwQqx5');
INSERT INTO "users" VALUES('taro17','A7','P7',0,'enrolled','here',0,'us_du0ypVaPOvHUsjfy');
INSERT INTO "users" VALUES('yuki08','A8','P8',1,'enrolled','here',0,'us_u5BdJRTBTkl4_6Ye');
INSERT INTO "users" VALUES('yuki18','A8','P8',0,'enrolled','here',0,'us_nNJpk95g8DSSm1X_');
INSERT INTO "users" VALUES('leo09','A9','P9',1,'enrolled','here',0,'us_AP_Nn40jA38TpFPb');
INSERT INTO "users" VALUES('leo19','A9','P9',0,'enrolled','here',0,'us_r3vDm4_kMNxQECxw');
INSERT INTO "users" VALUES('mia10','A10','P10',1,'enrolled','here',0,'us_dJHKQEdn0GhtiY6D');
INSERT INTO "users" VALUES('mia20','A10','P20',0,'enrolled','here',0,'us_3IM7F2qpQnoHoUCI');
INSERT INTO "users" VALUES('noa12','A12','P12',1,'enrolled','here',1,'us_nZPkiN4Q8XnHjG-x');
INSERT INTO "users" VALUES('noa22','A12','P12',0,'enrolled','here',0,'us_CDBEtwMg28Yc6dQF');
INSERT INTO "users" VALUES('ken15','A15','P15',1,'enrolled','here',0,'us_aEOxH3B-O6aiM7Db');
INSERT INTO "users" VALUES('ken25','A15','P15',0,'enrolled','here',0,'us_jMknbFfiROdqiVJ2');
INSERT INTO "users" VALUES('rio13','A13','P13',1,'enrolled','here',0,'us_mouYOjUJML0ugEXy');
INSERT INTO "users" VALUES('aya31','A31','P31',1,'opted_out','here',0,'us_UtqB0wv2cSa0euY1');
INSERT INTO "users" VALUES('aya41','A31','P31',0,'opted_out','here',0,'us_8TrVOdFYzmCJR8Ur');
INSERT INTO "users" VALUES('aya32','A32','P32',1,'opted_out','here',0,'us_ePiMHdtKVnBn3ymt');
INSERT INTO "users" VALUES('aya42','A32','P32',0,'opted_out','here',0,'us_phHiHUqwOoFLo6kM');
INSERT INTO "users" VALUES('aya33','A33','P33',1,'opted_out','here',0,'us_JSTHWCy1K9dEYrSR');
INSERT INTO "users" VALUES('aya43','A33','P33',0,'opted_out','here',0,'us_lJvnjwvzkVdoJzfe');
INSERT INTO "users" VALUES('aya34','A34','P34',1,'opted_out','here',0,'us_bzClgG1UfDZOfsG0');
INSERT INTO "users" VALUES('aya44','A34','P34',0,'opted_out','here',0,'us_oTDr939AgPDi6V8T');
INSERT INTO "users" VALUES('noa31','A41','P41',1,'enrolled','here',1,'us_F3qByjiwZZxHMrKe');
INSERT INTO "users" VALUES('noa41','A41','P41',0,'enrolled','here',0,'us_M9WTL9rKlEvcoATk');
INSERT INTO "users" VALUES('noa32','A42','P42',1,'enrolled','here',1,'us_y6OCwWhCY_B1yzoH');
INSERT INTO "users" VALUES('noa42','A42','P42',0,'enrolled','here',0,'us_D4TYk0hGPS8RWOtZ');
INSERT INTO "users" VALUES('noa33','A43','P43',1,'enrolled','here',1,'us_hZYV63HysT3BobA0');
INSERT INTO "users" VALUES('noa43','A43','P43',0,'enrolled','here',0,'us_iSoHLrl0jQTq99wH');
INSERT INTO "users" VALUES('noa34','A44','P44',1,'enrolled','here',1,'us_KAQx4DtMdR2QB5e8');
INSERT INTO "users" VALUES('noa44','A44','P44',0,'enrolled','here',0,'us_PxrWIMqPHjux3o6s');
CREATE INDEX links_by_client ON links (client, sequence);
CREATE INDEX challenges_by_client ON challenges (client, created_at);
CREATE INDEX sms_by_number ON sms (number, created_at);
CREATE INDEX sms_by_age ON sms (created_at);
CREATE INDEX sms_by_state ON sms (state, sequence);
COMMIT;
